// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/crypto/key.h"
#include "daemon/issue/certificate_log.h"
#include "daemon/issue/journey_context.h"
#include "daemon/issue/request.h"

namespace acmed::issue {

/// One order at a CA, from newOrder to its certificate (RFC 8555 §7.4). It and its key are kept in `state`, so that a
/// later run goes on with it.
class CertificateOrder {
 public:
  /// All must outlive it. `state` is changed as the order goes on.
  CertificateOrder(JourneyContext& context, const Request& request, store::Certificate& state);
  CertificateOrder(const CertificateOrder&) = delete;
  CertificateOrder& operator=(const CertificateOrder&) = delete;

  /// Goes on with the order of an earlier run, or makes a new one and gives true: `state` must then be saved before
  /// anything else is asked of the CA.
  Task<bool> open();

  /// As the CA last showed it.
  const acme::Order& shown() const noexcept { return order_; }
  bool is_pending() const noexcept { return order_.status == acme::OrderStatus::pending; }
  /// The certificate's key; only when it is open.
  const crypto::PrivateKey& key() const { return key_.value(); }

  /// The next run makes a new one.
  void give_up() noexcept { state_.order.reset(); }

  /// A part of the order's way at the CA: what fails in it by the CA's word counts against the order.
  Task<> counted(Task<> part);

  /// Completes when the CA has validated these authorizations. Throws what it found wrong with them.
  Task<> await_valid(std::vector<std::string> authorization_urls);
  /// Completes when all authorizations are valid: polls the order alone, which tells of all at once. Throws what the CA
  /// found wrong with them.
  Task<> await_ready();

  /// Finalizes the order and downloads its certificate, leaf first. `place`: among the orders that the CA works on; it
  /// is given back at the end. Throws WrongCertificate and BrokenChain as well.
  Task<std::vector<crypto::Certificate>> certificate(Semaphore::Permit place);

 private:
  Authority& ca() const { return *request_.authority; }
  Task<bool> resume(store::OpenOrder kept);
  Task<> create();
  Task<> explain_invalid();
  Task<> close_authorization(std::string url, acme::Problem* found);
  Task<std::vector<crypto::Certificate>> obtain();
  Task<> finalize();
  Task<std::vector<crypto::Certificate>> download();
  Task<std::vector<crypto::Certificate>> usable_certificate();
  void count(const Error& failure);
  void require_begun(const crypto::Certificate& leaf) const;

  JourneyContext& context_;
  const Request& request_;
  store::Certificate& state_;
  CertificateLog log_;
  acme::Order order_;
  std::optional<crypto::PrivateKey> key_;
};

}  // namespace acmed::issue
