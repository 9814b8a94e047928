// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/calendar_watch.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <cstdint>
#include <limits>

namespace acmed {

CalendarWatch::CalendarWatch(Loop& loop, std::function<void()> was_set)
    : was_set_(std::move(was_set)), timer_(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (!timer_) return;
  arm();
  const auto on_set = [](sd_event_source*, int fd, std::uint32_t, void* self) noexcept {
    // Fails with ECANCELED, which is the news.
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto ignored = ::read(fd, &expirations, sizeof expirations);
    auto* watch = static_cast<CalendarWatch*>(self);
    watch->arm();
    watch->was_set_();
    return 0;
  };
  sd_event_source* source = nullptr;
  check_event(sd_event_add_io(loop.event(), &source, timer_.get(), EPOLLIN, on_set, this), "sd_event_add_io");
  source_.reset(source);
}

/// For a time that never comes.
void CalendarWatch::arm() noexcept {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<time_t>::max();
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

}  // namespace acmed
