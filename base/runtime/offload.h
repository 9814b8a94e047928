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

/// A few threads for what would block the loop: key generation, fsync, name-service calls. They start as work comes and
/// sleep when there is none.
class Workers {
 public:
  Workers() = default;
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// Throws Retry ("offload:thread") when not one thread can be had; the job is then not done.
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

/// Runs `call` on a worker thread; gives what it returns, throws what it throws. It is not called off: what was begun
/// on a thread is always finished and its result taken, so a write to disk is never half known. Throws Retry
/// ("offload:thread") when the host has no thread for it.
template <class Call>
Offload<Call> offload(Call call) {
  return Offload<Call>(std::move(call));
}

}  // namespace acmed
