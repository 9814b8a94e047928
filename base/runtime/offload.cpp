// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/offload.h"

#include <pthread.h>
#include <signal.h>

namespace acmed {
namespace {
// Mostly threads that wait for the disk: more of them let the file system commit several writes at a time.
constexpr std::size_t most_threads = 8;
}  // namespace

Workers::~Workers() {
  {
    const std::lock_guard guard(lock_);
    ending_ = true;
  }
  more_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Workers::add(std::function<void()> job) {
  const std::lock_guard guard(lock_);
  jobs_.push_back(std::move(job));
  if (idle_ >= jobs_.size() || threads_.size() == most_threads) {
    more_.notify_one();
    return;
  }
  // Signals are the loop's business: no worker may take one.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  threads_.emplace_back([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Workers::work() {
  std::unique_lock guard(lock_);
  for (;;) {
    ++idle_;
    more_.wait(guard, [this] { return ending_ || !jobs_.empty(); });
    --idle_;
    if (jobs_.empty()) return;
    {
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      guard.unlock();
      job();
    }
    guard.lock();
  }
}

}  // namespace acmed
