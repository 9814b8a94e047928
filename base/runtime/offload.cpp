// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/offload.h"

#include "base/runtime/thread.h"

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
  std::unique_lock guard(lock_);
  jobs_.push_back(std::move(job));
  if (idle_ >= jobs_.size() || threads_.size() == most_threads) {
    // Who is busy looks for more before it waits. Who is woken shall find the lock free.
    const bool waits = idle_ > 0;
    guard.unlock();
    if (waits) more_.notify_one();
    return;
  }
  try {
    start_thread();
  } catch (const std::exception& error) {
    // The threads that there are will come to it.
    if (!threads_.empty()) return;
    jobs_.pop_back();
    throw Retry("offload:thread", std::string("cannot start a thread: ") + error.what());
  }
}

void Workers::start_thread() {
  threads_.reserve(most_threads);
  threads_.push_back(thread_without_signals([this] { work(); }));
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
