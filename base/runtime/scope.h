// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/task.h"

namespace acmed {

/// Owns tasks that run side by side. The first failure cancels the others; join() waits for all of them and throws that
/// first failure. A Scope must be joined before it is destroyed: destroying one with running children aborts the
/// program.
class Scope {
 public:
  /// `context`: where the children run; its stop token cancels them.
  explicit Scope(const Context& context);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// Starts `task` as a child of this scope.
  void spawn(Task<> task);

  /// Cancels all children.
  void stop() noexcept { stop_.request_stop(); }

  /// Completes when every child has ended, even if the awaiting coroutine is cancelled. Throws the first child's
  /// failure, or Cancelled when the scope's context was cancelled.
  Task<> join();

 private:
  /// The coroutine that carries one child; it frees itself when it ends.
  struct Carrier {
    struct promise_type : Frame {
      Carrier get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_never final_suspend() const noexcept { return {}; }
      void return_void() const noexcept {}
      void unhandled_exception() const noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
  };

  struct OnStop {
    Scope* scope;
    void operator()() const noexcept { scope->stop(); }
  };

  static Carrier carry(Scope* scope, Task<> task);
  void child_ended(const std::exception_ptr& failure) noexcept;

  Context outer_;
  std::stop_source stop_;
  std::stop_callback<OnStop> on_outer_stop_;
  std::size_t running_ = 0;
  std::exception_ptr first_failure_;
  Waiters joining_;
};

/// Runs `tasks` side by side and returns their results in the same order. The first failure cancels the others and is
/// thrown once all have ended.
template <class T>
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks);
Task<> when_all(std::vector<Task<>> tasks);

/// The result of `task`, or nothing when `limit` passed first and the task was cancelled.
template <class T>
Task<std::optional<T>> within(Duration limit, Task<T> task);
/// Whether `task` ended before `limit`; otherwise it was cancelled.
Task<bool> within(Duration limit, Task<> task);

/// Runs `task` to completion, with `companion` beside it for as long. Throws the first failure of the two; the other
/// one is cancelled.
Task<> accompanied(Task<> task, Task<> companion);

/// Runs `task`; when the awaiting coroutine is cancelled, the task has `grace` more to end before it is cancelled too.
template <class T>
Task<T> with_grace(Duration grace, Task<T> task);
Task<> with_grace(Duration grace, Task<> task);

/// Runs `task` on `loop` to completion; called by main and the tests. `stop` cancels it.
template <class T>
T run(Loop& loop, Task<T> task, std::stop_token stop = {});

namespace scope_detail {

template <class T>
Task<> store_result(Task<T> task, std::optional<T>* result) {
  result->emplace(co_await std::move(task));
}

struct RunFrame {
  struct promise_type : Frame {
    bool* done = nullptr;
    RunFrame get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    void return_void() const noexcept { *done = true; }
    void unhandled_exception() noexcept {
      Frame::unhandled_exception();
      *done = true;
    }
  };
  std::coroutine_handle<promise_type> handle;
};

inline RunFrame carry_root(Task<> task) {
  co_await std::move(task);
}

}  // namespace scope_detail

template <class T>
Task<std::vector<T>> when_all(std::vector<Task<T>> tasks) {
  std::vector<std::optional<T>> results(tasks.size());
  std::vector<Task<>> stores;
  stores.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    stores.push_back(scope_detail::store_result(std::move(tasks[i]), &results[i]));
  }
  co_await when_all(std::move(stores));
  std::vector<T> values;
  values.reserve(results.size());
  for (auto& result : results) values.push_back(result_in(result));
  co_return values;
}

template <class T>
Task<std::optional<T>> within(Duration limit, Task<T> task) {
  std::optional<T> result;
  co_await within(limit, scope_detail::store_result(std::move(task), &result));
  co_return result;
}

template <class T>
Task<T> with_grace(Duration grace, Task<T> task) {
  std::optional<T> result;
  co_await with_grace(grace, scope_detail::store_result(std::move(task), &result));
  co_return result_in(result);
}

template <class T>
T run(Loop& loop, Task<T> task, std::stop_token stop) {
  if constexpr (std::is_void_v<T>) {
    bool done = false;
    auto root = scope_detail::carry_root(std::move(task));
    root.handle.promise().context = {&loop, std::move(stop)};
    root.handle.promise().done = &done;
    loop.post(root.handle);
    loop.run_until(done);
    const auto failure = root.handle.promise().failure;
    root.handle.destroy();
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    run(loop, scope_detail::store_result(std::move(task), &result), std::move(stop));
    return result_in(result);
  }
}

}  // namespace acmed
