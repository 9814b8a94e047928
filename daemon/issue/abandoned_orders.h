// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "daemon/issue/authority.h"
#include "daemon/store/records.h"

namespace acmed::issue {

/// Orders that were given up for good. The pending authorizations of one that was pending count against a limit of some
/// CAs until they expire: they are deactivated (RFC 8555 §7.5.2). One whose certificates the CA renews by itself is
/// canceled (RFC 8739 §3.1.2), and people are told where it is not. All that is done when nothing else is done at that
/// account; what fails is left to expire, and what a process does not come to is not remembered.
class AbandonedOrders {
 public:
  /// The CA with that account; null while it is not to be asked, or not configured.
  using FindAuthority = std::function<Authority*(const store::AccountIdentity&)>;
  explicit AbandonedOrders(FindAuthority find) : find_(std::move(find)) {}

  /// A journey goes on with that order, which is pending: what it shares with one that is given up stays, since a CA
  /// may use a pending authorization for many orders (RFC 8555 §7.1.3).
  void opened(const std::string& order_url, std::vector<std::string> authorizations);

  void add(const store::OpenOrder& order);
  /// `certificate`: its name.
  void add(const std::string& certificate, const store::StarOrder& star);

  /// Completes when there is something to do.
  Task<> any_added();
  /// Deactivates and cancels what it can. Those at accounts where a journey is under way stay: a CA may use a pending
  /// authorization for another order. Throws Cancelled only.
  Task<> close();

 private:
  struct Abandoned {
    store::AccountIdentity account;
    std::string url;
    std::string certificate{};  ///< of an order that is to be canceled; empty for others
    Time end{};                 ///< of its last certificate
  };
  struct Opened {
    std::string url;
    std::vector<std::string> authorizations;
  };
  void add(Abandoned abandoned);
  bool is_used(const std::string& authorization_url) const;
  Task<bool> close_one(Authority* ca, Abandoned abandoned);
  Task<bool> deactivate(Authority* ca, std::string url);

  FindAuthority find_;
  std::deque<Abandoned> orders_;
  std::deque<Opened> opened_;  ///< the latest, without those that were given up
  Waiters added_;
};

}  // namespace acmed::issue
