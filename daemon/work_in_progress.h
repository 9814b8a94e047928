// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include "base/runtime/event.h"

namespace acmed {

/// Counts what is in progress; when the last part of it ends, memory that only work needs can be freed.
class WorkInProgress {
 public:
  explicit WorkInProgress(std::function<void()> rest) : rest_(std::move(rest)) {}
  WorkInProgress(const WorkInProgress&) = delete;
  WorkInProgress& operator=(const WorkInProgress&) = delete;

  /// Completes when nothing is in progress.
  Task<> none() {
    while (parts_ > 0) co_await rested_.turn();
  }

  /// In progress as long as it exists.
  class [[nodiscard]] Part {
   public:
    explicit Part(WorkInProgress& all) : all_(all) { ++all_.parts_; }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    ~Part() {
      if (--all_.parts_ > 0) return;
      all_.rest_();
      all_.rested_.wake_all();
    }

   private:
    WorkInProgress& all_;
  };

 private:
  std::function<void()> rest_;
  int parts_ = 0;
  Waiters rested_;
};

}  // namespace acmed
