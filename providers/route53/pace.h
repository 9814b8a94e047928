// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/runtime/sleep.h"

namespace acmed::providers::route53 {

/// Lets calls go one by one in the order of their coming: a few at once after a time of rest, then so many a second.
class Pace {
 public:
  Pace(const Clock& clock, int at_once, Duration interval)
      : clock_(clock), credit_((at_once - 1) * interval), interval_(interval) {}

  Task<> turn() {
    const auto now = clock_.moment();
    last_ = std::max(last_ + interval_, now - credit_);
    const auto wait = last_ - now;  // in front of the co_await: others come meanwhile
    if (wait > Duration::zero()) co_await sleep_for(wait);
  }

 private:
  const Clock& clock_;
  Duration credit_;
  Duration interval_;
  Moment last_ = Moment::min();  ///< when the latest call was or is let go, or a time of rest before
};

}  // namespace acmed::providers::route53
