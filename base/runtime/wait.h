// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <optional>
#include <stop_token>

#include "base/runtime/task.h"

namespace acmed {

/// The base of every leaf that a coroutine can wait for: it completes once, by its event or by cancellation, whichever
/// comes first. Then the coroutine continues; after cancellation, with Cancelled.
///
/// A leaf derives from this, starts its work in start(), calls complete() when the event has happened, and offers
/// await_resume(), which begins with throw_if_cancelled(). It lives in the awaiting coroutine's frame.
class Wait {
 public:
  Wait() = default;
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  bool await_ready() const noexcept { return false; }

  template <class Awaiting>
  bool await_suspend(std::coroutine_handle<Awaiting> awaiting) {
    awaiting_ = awaiting;
    const Context& context = awaiting.promise().context;
    loop_ = context.loop;
    if (context.stop.stop_requested()) {
      cancelled_ = true;
      return false;
    }
    if (!start(*loop_)) return false;
    on_stop_.emplace(context.stop, OnStop{this});
    return true;
  }

 protected:
  ~Wait() = default;

  /// Starts the work; false when it is already done and the coroutine may continue at once.
  virtual bool start(Loop& loop) = 0;
  /// Stops the work early: after this, complete() is not called any more.
  virtual void abandon() noexcept = 0;

  /// The event has happened. Later calls do nothing.
  void complete() noexcept {
    if (done_) return;
    done_ = true;
    on_stop_.reset();
    loop_->post(awaiting_);
  }

  void throw_if_cancelled() const {
    if (cancelled_) throw Cancelled();
  }

  Loop& loop() const noexcept { return *loop_; }

 private:
  struct OnStop {
    Wait* wait;
    void operator()() const noexcept { wait->cancel(); }
  };

  void cancel() noexcept {
    if (done_) return;
    done_ = true;
    cancelled_ = true;
    abandon();
    loop_->post(awaiting_);
  }

  std::coroutine_handle<> awaiting_;
  Loop* loop_ = nullptr;
  bool done_ = false;
  bool cancelled_ = false;
  std::optional<std::stop_callback<OnStop>> on_stop_;
};

}  // namespace acmed
