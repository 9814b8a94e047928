// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/issue/challenge.h"
#include "daemon/issue/order.h"
#include "daemon/issue/persistence.h"
#include "daemon/issue/placement.h"
#include "daemon/issue/publication.h"

namespace acmed::issue {

/// An authorization that is still pending.
struct Proof {
  Challenged challenged;
  std::string domain;  ///< without "*."
  Challenge challenge;
  bool stands;                  ///< its record is one that an earlier journey published, to stay
  bool is_responded;            ///< by an earlier run
  std::optional<Time> expires;  ///< when the authorization does
  ZoneValue placed;             ///< valid once place() has completed
};

/// The proofs that an order needs (RFC 8555 §7.5): where the DNS must show them, and when.
class Proofs {
 public:
  /// Proofs whose values are published at the same time.
  using Round = std::vector<const Proof*>;

  /// All must outlive it.
  Proofs(JourneyContext& context, const Request& request, CertificateOrder& order, const store::Certificate& state);

  /// The providers that will be used, unless aliases lead elsewhere.
  std::set<std::string> expected_providers() const;

  /// Finds where the values belong, for all names requested, by the type of challenge that is expected. A name that
  /// cannot be found is not a failure yet: its authorization may already be valid.
  Task<> locate();

  /// Reads the order's authorizations; the pending ones need a proof. Throws the CA's errors, Error
  /// ("acme:authorization", "acme:no-challenge", "acme:persist"), SpentOrder when an earlier run's order has an
  /// authorization that ended.
  Task<> open();
  bool empty() const noexcept { return proofs_.empty(); }

  /// Finds the provider and zone for each proof's value; call after locate() and open(). Throws what fails for any of
  /// the names, together (providers::SomeFailed): the failures that locate() met, and Placement::place()'s.
  Task<> place();
  const std::vector<Proof>& all() const noexcept { return proofs_; }

  /// One round, unless an operator holds fewer values at a name than the order needs there.
  std::vector<Round> rounds() const;
  Publication publication(const Round& round) const;
  /// Tells the CA to validate these, unless an earlier run has done so.
  Task<> respond(Round round);
  /// Completes when the CA has validated these.
  Task<> await_valid(Round round);
  /// Completes when the CA has validated all.
  Task<> await_ready();

 private:
  Task<> open_proof(std::string authorization_url);
  const acme::Challenge* chosen(const acme::Authorization& authorization, config::ChallengeType* type) const;
  Error not_offered(const acme::Authorization& authorization, const std::string& domain) const;
  struct Answer {
    Challenge challenge;
    bool stands;
  };
  Task<Answer> answer_to(const acme::Challenge* offered, config::ChallengeType type, std::string domain);
  Task<Prover> prover(const acme::Challenge* challenge);
  Task<std::string> account_url();
  Task<> with_hindsight(Task<> validation);
  std::optional<std::string> ordered_as(const acme::Authorization& authorization) const;
  Task<> locate_one(dns::Name challenge_name);
  Task<> place_one(Proof* proof);
  Task<> find_place(Proof* proof);
  const config::Route* route(const dns::Name& name) const { return placement_.route(name); }
  dns::PropagationPolicy policy(const dns::Name& name) const;
  dns::PolicyOf policy_of() const;

  JourneyContext& context_;
  const Request& request_;
  CertificateOrder& order_;
  const store::Certificate& state_;
  CertificateLog log_;
  Placement placement_;
  std::vector<Proof> proofs_;
  Time opened_{};  ///< when the authorizations were read
  std::shared_ptr<dns::InFlight::Share> share_ = std::make_shared<dns::InFlight::Share>();
  std::map<dns::Name, dns::Location> locations_;
  std::map<dns::Name, std::exception_ptr> not_located_;
  std::map<dns::Name, Error> not_placed_;
};

}  // namespace acmed::issue
