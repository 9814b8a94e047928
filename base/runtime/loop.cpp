// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/loop.h"

#include <sys/eventfd.h>

#include <system_error>

#include "base/runtime/offload.h"

namespace acmed {
namespace {

constexpr std::uint64_t never = UINT64_MAX;
/// So many coroutines go on before the loop looks at its events: one that is always ready must not starve them, and a
/// look costs a system call.
constexpr int most_resumptions = 64;

std::uint64_t microseconds(Moment moment) {
  // Rounded up: a timer that fires before its moment would find nothing due.
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::microseconds>(moment.time_since_epoch()).count());
}

}  // namespace

int check_event(int result, const char* call) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), call);
  return result;
}

Loop::Loop() : Loop(nullptr) {}

Loop::Loop(VirtualClock& clock) : Loop(&clock) {}

Loop::Loop(VirtualClock* clock)
    : virtual_clock_(clock), clock_(clock != nullptr ? static_cast<const Clock*>(clock) : &host_clock_) {
  sd_event* event = nullptr;
  check_event(sd_event_new(&event), "sd_event_new");
  event_.reset(event);

  wake_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
  sd_event_source* source = nullptr;
  const auto on_wake = [](sd_event_source*, int, std::uint32_t, void* loop) noexcept {
    static_cast<Loop*>(loop)->take_calls_from_threads();
    return 0;
  };
  check_event(sd_event_add_io(event, &source, wake_.get(), EPOLLIN, on_wake, this), "sd_event_add_io");
  wake_source_.reset(source);

  const auto on_time = [](sd_event_source*, std::uint64_t, void* loop) noexcept {
    static_cast<Loop*>(loop)->armed_for_ = Moment::max();
    return 0;
  };
  // BOOTTIME goes on while the host is suspended, and is the clock of Moment. Accuracy 0 would mean 250 ms.
  source = nullptr;
  check_event(sd_event_add_time(event, &source, CLOCK_BOOTTIME, never, 1, on_time, this), "sd_event_add_time");
  timer_source_.reset(source);
}

Loop::~Loop() = default;

Workers& Loop::workers() {
  if (!workers_) workers_ = std::make_unique<Workers>();
  return *workers_;
}

void Loop::post(std::coroutine_handle<> coroutine) {
  ready_.push_back(coroutine);
}

void Loop::post_from_thread(std::function<void()> call) {
  bool first = false;
  {
    const std::lock_guard guard(calls_lock_);
    first = calls_.empty();
    calls_.push_back(std::move(call));
  }
  if (first) eventfd_write(wake_.get(), 1);
}

void Loop::take_calls_from_threads() {
  eventfd_t count = 0;
  eventfd_read(wake_.get(), &count);
  std::vector<std::function<void()>> calls;
  {
    const std::lock_guard guard(calls_lock_);
    calls.swap(calls_);
  }
  for (const auto& call : calls) call();
}

void Loop::run_until(const bool& done) {
  for (;;) {
    resume_ready();
    fire_due_timers();
    if (done) return;
    wait();
  }
}

void Loop::resume_ready() {
  for (int count = 0; count < most_resumptions && !ready_.empty(); ++count) {
    const auto coroutine = ready_.front();
    ready_.pop_front();
    coroutine.resume();
  }
}

void Loop::wait() {
  if (!ready_.empty()) {
    check_event(sd_event_run(event_.get(), 0), "sd_event_run");
  } else if (virtual_clock_ == nullptr) {
    arm_next_timer();
    check_event(sd_event_run(event_.get(), never), "sd_event_run");
  } else if (check_event(sd_event_run(event_.get(), real_work_ > 0 ? never : 0), "sd_event_run") == 0) {
    if (timers_.empty()) {
      check_event(sd_event_run(event_.get(), never), "sd_event_run");
    } else if (const auto next = timers_.begin()->first; next > virtual_clock_->moment()) {
      virtual_clock_->advance(next - virtual_clock_->moment());
    }
  }
}

void Loop::arm_next_timer() {
  const auto next = timers_.empty() ? Moment::max() : timers_.begin()->first;
  if (next == armed_for_) return;
  armed_for_ = next;
  auto* source = timer_source_.get();
  const auto time = next == Moment::max() ? never : microseconds(next);
  check_event(sd_event_source_set_time(source, time), "sd_event_source_set_time");
  check_event(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT), "sd_event_source_set_enabled");
}

void Loop::fire_due_timers() {
  if (timers_.empty()) return;
  const auto now = clock_->moment();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto [timer, call] = std::move(timers_.begin()->second);
    timer->cancel();
    call();
  }
}

void Loop::set_timer(Timer& timer, Moment moment, std::function<void()> call) {
  timer.cancel();
  timer.place_ = timers_.emplace(moment, std::pair(&timer, std::move(call)));
  timer.loop_ = this;
}

void Loop::Timer::cancel() noexcept {
  if (loop_ == nullptr) return;
  loop_->timers_.erase(place_);
  loop_ = nullptr;
}

}  // namespace acmed
