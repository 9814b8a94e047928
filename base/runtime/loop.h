// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemd/sd-event.h>

#include <coroutine>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/fd.h"
#include "base/time.h"

namespace acmed {

class Workers;

struct DisableSource {
  void operator()(sd_event_source* source) const noexcept { sd_event_source_disable_unref(source); }
};
/// Owns one event source; its callback is never called after this ends.
using EventSource = std::unique_ptr<sd_event_source, DisableSource>;

/// The one thread's event loop: sd-event, a queue of coroutines that are ready to go on, and timers.
/// A coroutine is resumed only from the ready queue, never from a callback or another coroutine's end, so no library is
/// re-entered, the stack stays flat, and the order is the same in every run.
class Loop {
 public:
  /// On the host's clocks.
  Loop();
  /// On a test's clock, which the loop moves to the next timer when nothing else is to be done.
  explicit Loop(VirtualClock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Lets `coroutine` go on in its turn.
  void post(std::coroutine_handle<> coroutine);

  /// Runs `call` on the loop's thread in its turn. May be called from any thread.
  void post_from_thread(std::function<void()> call);

  /// Runs until `done` is true.
  void run_until(const bool& done);

  const Clock& clock() const noexcept { return *clock_; }
  sd_event* event() const noexcept { return event_.get(); }

  /// The threads that work for this loop; started when first used.
  Workers& workers();

  /// Work of threads, of programs and of the network for this loop: while there is some, a virtual clock stands still.
  void real_work_begins() noexcept { ++real_work_; }
  void real_work_ends() noexcept { --real_work_; }

  /// A call to be made at a moment; it is forgotten when the Timer ends.
  class Timer {
   public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }
    void cancel() noexcept;

   private:
    friend class Loop;
    using Queue = std::multimap<Moment, std::pair<Timer*, std::function<void()>>>;
    Loop* loop_ = nullptr;
    Queue::iterator place_;
  };

  /// Calls `call` on the loop's thread once `moment` is reached.
  void set_timer(Timer& timer, Moment moment, std::function<void()> call);

 private:
  struct UnrefEvent {
    void operator()(sd_event* event) const noexcept { sd_event_unref(event); }
  };

  explicit Loop(VirtualClock* clock);
  void resume_ready();
  void wait();
  void fire_due_timers();
  void arm_next_timer();
  void take_calls_from_threads();

  HostClock host_clock_;
  VirtualClock* virtual_clock_;
  const Clock* clock_;
  std::unique_ptr<sd_event, UnrefEvent> event_;
  std::deque<std::coroutine_handle<>> ready_;

  Timer::Queue timers_;
  EventSource timer_source_;
  Moment armed_for_ = Moment::max();

  Fd wake_;
  EventSource wake_source_;
  int real_work_ = 0;
  std::mutex calls_lock_;
  std::vector<std::function<void()>> calls_;
  std::unique_ptr<Workers> workers_;
};

/// Throws std::system_error when an sd-event call returned `result` < 0.
int check_event(int result, const char* call);

}  // namespace acmed
