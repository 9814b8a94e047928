// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

#include "base/error.h"
#include "base/runtime/loop.h"

namespace acmed {

/// Where a coroutine runs and what cancels it; inherited by each task at its co_await.
struct Context {
  Loop* loop = nullptr;
  std::stop_token stop;
};

/// What the runtime keeps in every coroutine's frame.
struct Frame {
  Context context;
  std::coroutine_handle<> continuation;  ///< resumed through the loop when this one ends
  std::exception_ptr failure;

  std::suspend_always initial_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      const Frame& frame = ended.promise();
      if (frame.continuation) frame.context.loop->post(frame.continuation);
    }
    void await_resume() const noexcept {}
  };
  Final final_suspend() const noexcept { return {}; }
};

/// The result of a coroutine that ended well: it is never missing.
template <class T>
T result_in(std::optional<T>& result) {
  if (!result) std::terminate();
  return std::move(*result);
}

template <class T>
struct Promise;

/// One asynchronous piece of work. Lazy: it starts when awaited, with the awaiting coroutine's Context. It owns its
/// coroutine; its exception is rethrown by the co_await. Await it in the expression that makes it, or move it at once
/// into when_all, within or Scope::spawn.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && noexcept { return Await{handle_, std::nullopt}; }

  /// The same, with `stop` as its stop token instead of the awaiting coroutine's.
  auto under(std::stop_token stop) && noexcept { return Await{handle_, std::move(stop)}; }

 private:
  struct Await {
    Handle task;
    std::optional<std::stop_token> stop;

    bool await_ready() const noexcept { return false; }
    template <class Awaiting>
    void await_suspend(std::coroutine_handle<Awaiting> awaiting) {
      Frame& frame = task.promise();
      frame.context = awaiting.promise().context;
      if (stop) frame.context.stop = *std::move(stop);
      frame.continuation = awaiting;
      frame.context.loop->post(task);
    }
    T await_resume() { return task.promise().take(); }
  };

  Handle handle_;
};

template <class T>
struct Promise : Frame {
  std::optional<T> value;

  Task<T> get_return_object() noexcept { return Task<T>(Task<T>::Handle::from_promise(*this)); }
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    return result_in(value);
  }
};

template <>
struct Promise<void> : Frame {
  Task<> get_return_object() noexcept { return Task<>(Task<>::Handle::from_promise(*this)); }
  void return_void() const noexcept {}
  void take() {
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
  }
};

/// `co_await context()` returns the awaiting coroutine's own Context.
struct ContextOf {
  Context context;
  bool await_ready() const noexcept { return false; }
  template <class Awaiting>
  bool await_suspend(std::coroutine_handle<Awaiting> awaiting) noexcept {
    context = awaiting.promise().context;
    return false;
  }
  Context await_resume() noexcept { return std::move(context); }
};
inline ContextOf context() {
  return {};
}

}  // namespace acmed
