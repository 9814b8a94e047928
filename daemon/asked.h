// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>

#include "base/error.h"
#include "base/runtime/event.h"
#include "daemon/control/keeping.h"
#include "daemon/keep/keeper.h"

namespace acmed {

/// A wish that is to be carried out. However that ends, who waits for its result hears of it.
class Asked {
 public:
  /// What becomes of the wish.
  struct Result {
    control::Outcome outcome;
    std::exception_ptr failure;
    Event done;
  };

  explicit Asked(keep::Wish wish) : wish_(std::move(wish)), result_(std::make_shared<Result>()) {}
  Asked(Asked&&) = default;
  Asked& operator=(Asked&&) = default;
  ~Asked() {
    if (!result_ || result_->done.is_set()) return;
    result_->failure = std::make_exception_ptr(Retry(
        "control:replaced", "another configuration was put in force, or acmed ended, before this was done: ask again"));
    result_->done.set();
  }

  const keep::Wish& wish() const noexcept { return wish_; }
  const std::shared_ptr<Result>& result() const noexcept { return result_; }
  void end(control::Outcome outcome) {
    result_->outcome = std::move(outcome);
    result_->done.set();
  }
  void fail(std::exception_ptr failure) {
    result_->failure = std::move(failure);
    result_->done.set();
  }

 private:
  keep::Wish wish_;
  std::shared_ptr<Result> result_;
};

}  // namespace acmed
