// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "daemon/issue/certificate_log.h"
#include "daemon/issue/journey_context.h"
#include "daemon/issue/request.h"
#include "daemon/issue/validation.h"

namespace acmed::issue {

/// The order can lead to no certificate of ours, for a reason that a new order does not share: the next one may be made
/// at once.
class SpentOrder : public Error {
 public:
  explicit SpentOrder(const std::string& sentence)
      : Error(Advice::retry, "acme:spent-order", sentence, {}, Party::ca) {}
};

/// One order at a CA, from newOrder to its certificate (RFC 8555 §7.4). The order and its key are kept in `state`, so
/// that a later run can resume it.
class CertificateOrder {
 public:
  /// All must outlive it. `state` is changed as the order proceeds.
  CertificateOrder(JourneyContext& context, const Request& request, store::Certificate& state);
  CertificateOrder(const CertificateOrder&) = delete;
  CertificateOrder& operator=(const CertificateOrder&) = delete;

  /// Resumes an earlier run's order, or creates one and returns true: `state` must then be saved before anything else
  /// is requested from the CA.
  Task<bool> open();
  /// Whether it is an earlier run's.
  bool is_resumed() const noexcept { return resumed_; }

  /// The order as the CA last showed it.
  const acme::Order& shown() const noexcept { return order_; }
  bool is_pending() const noexcept { return order_.status == acme::OrderStatus::pending; }
  /// The certificate's key; call only when the order is open.
  const crypto::PrivateKey& key() const { return key_.value(); }

  /// Whether it is one whose certificates the CA renews by itself, and that has given us one before.
  bool is_star() const noexcept { return is_star_; }
  /// Its certificate is in service: what is left is an order whose certificates the CA renews by itself.
  void served();

  /// Abandons the order: the next run creates a new one.
  void give_up();

  /// Runs a part of the order's way at the CA; a failure in it that the CA reported counts against the order.
  Task<> counted(Task<> part);

  /// That this journey proves the authorization: no other one at the account deactivates it meanwhile.
  void proves(const std::string& authorization_url);
  /// Tells the CA to validate these (§7.5.1). From now on until it has said what it found their values must stay in the
  /// DNS, though this journey may end sooner.
  Task<> respond(std::vector<Challenged> challenged);
  /// Completes when the CA has validated these. Throws the errors that it found in them.
  Task<> await_valid(std::vector<Challenged> challenged);
  /// Completes when all authorizations are valid: polls the order, whose status covers them all. Throws the errors that
  /// the CA found in them. `challenged`: those that were not valid before.
  Task<> await_ready(std::vector<Challenged> challenged);

  /// Finalizes the order and downloads its certificate, leaf first. `place`: the slot among the CA's orders; released
  /// at the end. Also throws WrongCertificate, BrokenChain, and SpentOrder when another request finalized the order.
  Task<std::vector<crypto::Certificate>> certificate(Semaphore::Permit place);

 private:
  Authority& ca() const { return *request_.authority; }
  bool is_wanted(const store::OpenOrder& kept) const;
  bool take_up_star();
  Task<bool> resume(store::OpenOrder kept);
  Task<> create();
  Task<acme::Order> new_order();
  Task<crypto::PrivateKey> new_key();
  bool is_kept_key_wanted(const store::OpenOrder& kept) const;
  std::string replaced() const;
  void leave(const store::OpenOrder& order) const;
  Task<> respond_to(Challenged one);
  Task<bool> has_been_taken(Challenged one);
  Task<> await_result(std::vector<Challenged> challenged, Task<> poll);
  Task<> poll_order();
  Task<> poll_authorizations(std::vector<std::string> urls, bool* all_valid);
  Task<> explain_invalid();
  Task<> close_authorization(std::string url, acme::Problem* found);
  Task<std::vector<crypto::Certificate>> obtain();
  Task<> finalize();
  Task<> await_end();
  Task<std::string> csr();
  Task<std::vector<crypto::Certificate>> next_certificate();
  Task<std::vector<crypto::Certificate>> download();
  Task<std::vector<crypto::Certificate>> usable_certificate();
  void count(const Error& failure);
  void require_another(const crypto::Certificate& leaf) const;
  void require_begun(const crypto::Certificate& leaf) const;

  JourneyContext& context_;
  const Request& request_;
  store::Certificate& state_;
  CertificateLog log_;
  acme::Order order_;
  std::optional<crypto::PrivateKey> key_;
  bool resumed_ = false;
  bool finalized_ = false;  ///< by this journey
  bool is_star_ = false;
  std::optional<acme::Delegation> delegation_;
  std::map<std::string, OrdersUnderWay::Proof> proofs_;
};

}  // namespace acmed::issue
