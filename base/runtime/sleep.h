// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/runtime/wait.h"

namespace acmed {

/// Completes after `duration`, and not before the loop has looked at its events: who sleeps for no time at all between
/// parts of long work lets others go first.
class SleepFor final : public Wait {
 public:
  explicit SleepFor(Duration duration) : duration_(duration) {}
  void await_resume() const { throw_if_cancelled(); }

 private:
  bool start(Loop& loop) override {
    loop.set_timer(timer_, loop.clock().moment() + duration_, [this] { complete(); });
    return true;
  }
  void abandon() noexcept override { timer_.cancel(); }

  Duration duration_;
  Loop::Timer timer_;
};

inline SleepFor sleep_for(Duration duration) {
  return SleepFor(duration);
}

/// Completes when the calendar shows `time`. The calendar may be set meanwhile: it is checked every hour.
Task<> sleep_until(Time time);

}  // namespace acmed
