// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "daemon/store/store.h"

namespace acmed::renew {

/// Until when a CA as a whole wants to be left alone (429 or 503 with Retry-After), remembered over restarts. What a CA
/// says about one order or one name is not here: that is this certificate's own trouble.
class Ledger {
 public:
  Ledger(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// An unreadable ledger is reported and stops nothing.
  Task<> load();

  /// The end of the CA's pause; nothing when it takes orders.
  std::optional<Time> closed_until(const std::string& directory_url) const;

  /// Learns from a failure at that CA. Throws what the store threw.
  Task<> learn(std::string directory_url, std::exception_ptr failure);

 private:
  store::Store& store_;
  const Clock& clock_;
  std::map<std::string, Time> closed_until_;
};

}  // namespace acmed::renew
