// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/event.h"

namespace acmed::issue {

/// What the journeys at one ACME account must know of each other. A CA may answer a second newOrder for the same names
/// with the order that is still pending, and use one authorization for many orders (RFC 8555 §7.1.3).
class OrdersUnderWay {
 public:
  /// A turn among the journeys for the same names; it ends when destroyed. This must outlive it.
  class [[nodiscard]] Turn {
   public:
    Turn(std::shared_ptr<Semaphore> names, Semaphore::Permit permit)
        : names_(std::move(names)), permit_(std::move(permit)) {}
    Turn(Turn&&) = default;
    Turn& operator=(Turn&&) = delete;

   private:
    std::shared_ptr<Semaphore> names_;
    Semaphore::Permit permit_;
  };

  /// Journeys for the same names, in whatever order they are given, proceed one after the other: otherwise two could
  /// finalize the same order with different keys.
  Task<Turn> turn(std::vector<std::string> names);

  /// While one exists, a journey proves an authorization. This must outlive it.
  class [[nodiscard]] Proof {
   public:
    Proof(OrdersUnderWay& orders, std::string authorization_url)
        : orders_(&orders), place_(orders.proved_.insert(std::move(authorization_url))) {}
    Proof(Proof&& other) noexcept : orders_(std::exchange(other.orders_, nullptr)), place_(other.place_) {}
    Proof& operator=(Proof&&) = delete;
    ~Proof() {
      if (orders_ == nullptr) return;
      orders_->proved_.erase(place_);
      if (orders_->proved_.empty()) orders_->unproved_.wake_all();
    }

   private:
    OrdersUnderWay* orders_;
    std::multiset<std::string>::iterator place_;
  };
  Proof proof(std::string authorization_url) { return {*this, std::move(authorization_url)}; }

  /// Completes when no journey proves anything.
  Task<> none_is_proved() {
    while (!proved_.empty()) co_await unproved_.turn();
  }

  /// Whether no journey is under way.
  bool is_idle() const noexcept { return turns_.empty() && proved_.empty(); }
  bool is_being_proved(const std::string& authorization_url) const { return proved_.contains(authorization_url); }

 private:
  std::map<std::string, std::weak_ptr<Semaphore>> turns_;  ///< by the sorted names
  std::multiset<std::string> proved_;
  Waiters unproved_;  ///< woken when `proved_` is empty
};

}  // namespace acmed::issue
