// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/fd.h"
#include "base/runtime/loop.h"

namespace acmed {

/// Calls a function on the loop when the host's calendar clock was set, by a person or by NTP after a boot with a wrong
/// one, as the kernel tells it (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). Where no timer can be had it stays silent.
class CalendarWatch {
 public:
  CalendarWatch(Loop& loop, std::function<void()> was_set);
  CalendarWatch(const CalendarWatch&) = delete;
  CalendarWatch& operator=(const CalendarWatch&) = delete;

 private:
  void arm() noexcept;

  std::function<void()> was_set_;
  Fd timer_;
  EventSource source_;
};

}  // namespace acmed
