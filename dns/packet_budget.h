// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/time.h"

namespace acmed::dns {

/// Limits how many packets leave for one challenge name, however many servers a zone has and whatever they answer: a
/// burst, and then a steady rate. Together with what finding them costs, less than 1,000 in any minute.
class PacketBudget {
 public:
  /// Accounts for `packets` and returns how long to wait from `now` before they may be sent.
  Duration take(Moment now, int packets) {
    spent_until_ = std::max(spent_until_, now) + packets * per_packet;
    return std::max(Duration::zero(), spent_until_ - now - burst * per_packet);
  }

 private:
  static constexpr Duration per_packet = std::chrono::milliseconds(160);
  static constexpr int burst = 250;

  Moment spent_until_ = Moment::min();
};

}  // namespace acmed::dns
