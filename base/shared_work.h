// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace acmed {

/// Work that several threads want done after what each of them has done before: those who come while it is being done
/// share the next time.
class SharedWork {
 public:
  /// Returns when `work` was run for `subject`, by this thread or another one, from a begin after this call. Throws
  /// what that run threw.
  void run_once_more(const std::string& subject, const std::function<void()>& work);

  /// How many threads are in run_once_more() for `subject`.
  std::size_t users(const std::string& subject);

 private:
  struct Run;
  struct Subject {
    std::shared_ptr<Run> next;
    bool is_running = false;
    std::size_t users = 0;
  };

  std::mutex lock_;
  std::condition_variable ended_;
  std::map<std::string, Subject> subjects_;  ///< those that have users
};

}  // namespace acmed
