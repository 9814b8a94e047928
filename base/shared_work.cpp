// SPDX-License-Identifier: Apache-2.0
#include "base/shared_work.h"

#include <exception>

namespace acmed {

struct SharedWork::Run {
  bool is_over = false;
  std::exception_ptr failure;
};

void SharedWork::run_once_more(const std::string& subject, const std::function<void()>& work) {
  std::unique_lock guard(lock_);
  auto& entry = subjects_[subject];
  ++entry.users;
  if (!entry.next) entry.next = std::make_shared<Run>();
  const auto own = entry.next;
  ended_.wait(guard, [&] { return own->is_over || !entry.is_running; });
  if (!own->is_over) {
    // Whoever comes from now on may have done something that this run does not see.
    entry.next = nullptr;
    entry.is_running = true;
    guard.unlock();
    try {
      work();
    } catch (...) {
      own->failure = std::current_exception();
    }
    guard.lock();
    own->is_over = true;
    entry.is_running = false;
    ended_.notify_all();
  }
  if (--entry.users == 0) subjects_.erase(subject);
  guard.unlock();
  if (own->failure) std::rethrow_exception(own->failure);
}

std::size_t SharedWork::users(const std::string& subject) {
  const std::lock_guard guard(lock_);
  const auto found = subjects_.find(subject);
  return found == subjects_.end() ? 0 : found->second.users;
}

}  // namespace acmed
