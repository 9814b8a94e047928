// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/issue/challenge.h"
#include "daemon/issue/order.h"
#include "daemon/issue/publication.h"

namespace acmed::issue {

/// An authorization that is still to be proved.
struct Proof {
  std::string authorization_url;
  std::string challenge_url;
  Challenge challenge;
  ZoneValue placed;  ///< once place() has completed
};

/// The proofs that an order needs (RFC 8555 §7.5): where the DNS has to show them, and when.
class Proofs {
 public:
  /// Proofs whose values are shown at the same time.
  using Round = std::vector<const Proof*>;

  /// All must outlive it.
  Proofs(JourneyContext& context, const Request& request, CertificateOrder& order);

  /// The providers that will be asked, unless aliases lead elsewhere.
  std::set<std::string> expected_providers() const;

  /// Finds where the values have to be, for all names that are wanted. A name that is not found is no failure yet: its
  /// authorization may be valid already.
  Task<> locate();

  /// Reads the order's authorizations: those that are pending are to be proved. Throws what the CA does, Error
  /// ("acme:authorization", "acme:no-dns-01").
  Task<> open();
  bool empty() const noexcept { return proofs_.empty(); }

  /// Finds for each proof the provider and zone that take its value; after locate() and open(). Throws what locate()
  /// met, what the providers throw, Refused ("dns:no-provider", "dns:no-zone").
  Task<> place();
  const std::vector<Proof>& all() const noexcept { return proofs_; }

  /// One round, but for an operator that holds fewer values at a name than the order needs there.
  std::vector<Round> rounds() const;
  Publication publication(const Round& round) const;
  /// Tells the CA that these can be validated (§7.5.1).
  Task<> respond(Round round);
  /// Completes when the CA has validated these.
  Task<> await_valid(Round round);

 private:
  Task<> open_proof(std::string authorization_url);
  Task<> locate_one(dns::Name challenge_name);
  Task<std::optional<dns::Location>> beside_wildcard(dns::Name challenge_name);
  Task<> place_one(Proof* proof);
  const config::Route* route(const dns::Name& name) const;
  bool is_declared(const dns::Location& location, const dns::Name& alias) const;

  JourneyContext& context_;
  const Request& request_;
  CertificateOrder& order_;
  CertificateLog log_;
  std::vector<Proof> proofs_;
  std::map<dns::Name, dns::Location> locations_;
  std::map<dns::Name, std::exception_ptr> not_located_;
};

}  // namespace acmed::issue
