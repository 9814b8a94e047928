// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "daemon/issue/authority.h"
#include "daemon/issue/challenge.h"
#include "daemon/issue/services.h"
#include "daemon/issue/showing.h"

namespace acmed::issue {

/// A certificate that is wanted.
struct Request {
  std::string name;
  std::vector<std::string> domains;
  crypto::KeyType key_type = crypto::KeyType::ecdsa_p256;
  Authority* authority = nullptr;
  std::shared_ptr<const Policies> policies;  ///< null: the usual ones; many certificates share them
};

/// One certificate's way from its request to a generation in service (RFC 8555 §7.1, DESIGN §3). Begun anew after a
/// crash it goes on where the order is: what it has done is in the store, how far the order has come the CA tells.
class Journey {
 public:
  /// `services` and `state` must outlive it. `state` is changed and saved as the journey goes on.
  Journey(Services& services, Request request, store::Certificate& state);

  /// Ends with a new generation in service and in `state`. Whether it succeeds or fails, the TXT values are withdrawn;
  /// those that could not be are left in `state`. When called off it leaves everything for the next run to continue
  /// with. Throws Error, Cancelled.
  Task<> run();

  /// Why values were left in the DNS by run(); null when none were.
  std::exception_ptr left_over() const noexcept { return left_over_; }

  /// Withdraws what an earlier journey left in the DNS. Throws what the provider threw; what is withdrawn is out of
  /// `state`.
  Task<> withdraw_leftovers();

 private:
  /// An authorization that is still to be proved.
  struct Proof {
    std::string authorization_url;
    std::string challenge_url;
    Challenge challenge;
    ZoneValue placed;
  };

  /// Proofs whose values are shown at the same time; they stand in `proofs_`.
  using Round = std::vector<const Proof*>;

  Task<> travel();
  Task<> open_order();
  Task<bool> resume_order(store::OpenOrder kept);
  Task<> create_order();
  Task<acme::Order> order_at_ca(std::optional<std::string> profile);
  Task<> open_proofs();
  Task<> open_proof(std::string authorization_url);
  Task<> locate_names();
  Task<> locate(dns::Name challenge_name);
  Task<std::optional<dns::Location>> beside_wildcard(dns::Name challenge_name);
  Task<> place_proofs();
  Task<> place(Proof* proof);
  Task<> respond(Round round);
  Task<> await_valid(Round round);
  Task<> await_ready();
  Task<> explain_invalid_order();
  Task<> close_authorization(std::string url, acme::Problem* found);
  Task<> obtain(Semaphore::Permit place);
  Task<> finalize(crypto::PrivateKey key);
  Task<std::vector<crypto::Certificate>> download(crypto::PrivateKey key);
  Task<std::vector<crypto::Certificate>> usable_certificate(crypto::PrivateKey key);
  Task<> counted(Task<> part);
  Task<std::vector<crypto::Certificate>> certificate_for(crypto::PrivateKey key, Semaphore::Permit place);
  Task<> put_in_service(std::vector<crypto::Certificate> chain, crypto::PrivateKey key);
  Task<> withdraw();
  Task<> withdraw_in_passing();
  Task<> save();

  std::vector<Round> rounds_of_proofs() const;
  Showing show(const Round& round) const;
  void remember_values();
  const config::Route* route(const dns::Name& name) const;
  bool is_declared(const dns::Location& location, const dns::Name& alias) const;
  std::set<std::string> expected_providers() const;
  void count(const Error& failure);
  void require_begun(const crypto::Certificate& leaf) const;
  void warn(const std::string& message) const;
  void note(const std::string& message) const;
  void step(const std::string& message) const;  ///< for --verbose

  Services& services_;
  Request request_;
  store::Certificate& state_;
  acme::Client* ca_ = nullptr;
  acme::Order order_;
  std::optional<crypto::PrivateKey> key_;  ///< the certificate's
  std::vector<Proof> proofs_;
  std::map<dns::Name, dns::Location> locations_;
  std::map<dns::Name, std::exception_ptr> not_located_;
  std::size_t values_on_disk_ = 0;
  std::exception_ptr left_over_;
};

}  // namespace acmed::issue
