// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "daemon/issue/order.h"
#include "daemon/issue/proofs.h"

namespace acmed::issue {

/// One certificate's way from its request to a generation in service (RFC 8555 §7.1). Started again after a
/// crash, it resumes the order: what it did is in the store, and the CA says how far the order has come.
class Journey {
 public:
  /// `context` and `state` must outlive it. `state` is changed and saved as the journey proceeds.
  Journey(JourneyContext& context, Request request, store::Certificate& state);
  Journey(const Journey&) = delete;
  Journey& operator=(const Journey&) = delete;

  /// Ends with a new generation in service and in `state`. Whether it succeeds or fails, the TXT values are withdrawn;
  /// those that could not be withdrawn stay in `state`. They stay in the DNS when it fails while the CA is validating
  /// them, or is cancelled: everything is then in place for the next run to resume. Throws Error, Cancelled.
  Task<> run();

  /// Why run() left values in the DNS; null when it left none.
  std::exception_ptr left_over() const noexcept { return left_over_; }

  /// Whether `state` is on disk as run() left it. If not, a crash before somebody saves it only has what was withdrawn
  /// withdrawn again.
  bool is_recorded() const noexcept { return state_.values.size() == values_on_disk_; }

  /// Withdraws what an earlier journey left in the DNS. Throws the provider's failure; what is withdrawn is removed
  /// from `state`, and so is what nobody can remove and no name server shows.
  Task<> withdraw_leftovers();

 private:
  Task<> travel();
  Task<> follow_order();
  Task<> open_order(std::optional<Semaphore::Permit>* place);
  Task<> obtain(Semaphore::Permit place);
  Task<> put_in_service(std::vector<crypto::Certificate> chain, crypto::PrivateKey key);
  Task<> publish(Publication* publication, ZoneCoordinator::Announcement announcement);
  Task<> withdraw();
  Task<std::map<dns::Name, Error>> remove(std::vector<ZoneValue> values);
  Task<std::optional<Error>> without_remover(store::TxtValue value, std::optional<Error> failure);
  Task<> withdraw_in_passing();
  bool are_values_awaited() const;
  Task<> save();
  void remember_values();
  void forget_refused_records();

  JourneyContext& context_;
  Request request_;
  store::Certificate& state_;
  CertificateOrder order_;
  Proofs proofs_;
  std::size_t values_on_disk_ = 0;
  std::set<dns::Name> refused_;  ///< where the values of this journey were refused
  std::exception_ptr left_over_;
};

}  // namespace acmed::issue
