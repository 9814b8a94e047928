// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/runtime/task.h"

namespace acmed {

/// A few threads for work that would block the loop: key generation, fsync, name-service calls. Started on demand; they
/// sleep when idle.
class Workers {
 public:
  Workers() = default;
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Throws Retry ("offload:thread") when no thread can be started; the job is then not run.
  void add(std::function<void()> job);

 private:
  void start_thread();
  void work();

  std::mutex lock_;
  std::condition_variable more_;
  std::deque<std::function<void()>> jobs_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

template <class Call>
class [[nodiscard]] Offload {
 public:
  using Result = std::invoke_result_t<Call>;

  explicit Offload(Call call) : call_(std::move(call)) {}
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  bool await_ready() const noexcept { return false; }

  template <class Awaiting>
  void await_suspend(std::coroutine_handle<Awaiting> awaiting) {
    Loop* loop = awaiting.promise().context.loop;
    loop->real_work_begins();
    try {
      loop->workers().add([this, loop, awaiting] {
        call();
        loop->post_from_thread([loop, awaiting] {
          loop->real_work_ends();
          loop->post(awaiting);
        });
      });
    } catch (...) {
      loop->real_work_ends();
      throw;
    }
  }

  Result await_resume() {
    if (failure_) std::rethrow_exception(failure_);
    if constexpr (!std::is_void_v<Result>) return result_in(result_);
  }

 private:
  void call() noexcept {
    try {
      if constexpr (std::is_void_v<Result>) {
        call_();
      } else {
        result_.emplace(call_());
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
  }

  struct Nothing {};
  Call call_;
  std::exception_ptr failure_;
  std::conditional_t<std::is_void_v<Result>, Nothing, std::optional<Result>> result_;
};

/// Runs `call` on a worker thread; returns and throws what it does. Never cancelled: work begun on a thread always
/// finishes and its result is taken, so the outcome of a write to disk is always known. Throws Retry ("offload:thread")
/// when the host has no thread for it.
template <class Call>
Offload<Call> offload(Call call) {
  return Offload<Call>(std::move(call));
}

}  // namespace acmed
