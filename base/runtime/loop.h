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
/// Owns one event source; its callback is never called after this is destroyed.
using EventSource = std::unique_ptr<sd_event_source, DisableSource>;

/// The event loop of the one thread: sd-event, a queue of coroutines that are ready to run, and timers. A coroutine is
/// resumed only from the ready queue, never from a callback or when another coroutine ends, so no library is
/// re-entered, the stack stays flat, and the order is the same in every run.
class Loop {
 public:
  /// Uses the host's clocks.
  Loop();
  /// Uses a test's clock, which the loop advances to the next timer when there is nothing else to do.
  explicit Loop(VirtualClock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Queues `coroutine` to be resumed.
  void post(std::coroutine_handle<> coroutine);

  /// Queues `call` to run on the loop's thread. May be called from any thread.
  void post_from_thread(std::function<void()> call);

  /// Runs until `done` is true.
  void run_until(const bool& done);

  const Clock& clock() const noexcept { return *clock_; }
  sd_event* event() const noexcept { return event_.get(); }

  /// This loop's worker threads; started on first use.
  Workers& workers();

  /// Work in progress on threads, in programs and on the network: as long as there is any, a virtual clock stands
  /// still.
  void real_work_begins() noexcept { ++real_work_; }
  void real_work_ends() noexcept { --real_work_; }

  /// A call scheduled for a moment; dropped when the Timer is destroyed.
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
