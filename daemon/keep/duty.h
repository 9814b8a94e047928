// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/runtime/task.h"
#include "daemon/store/records.h"

namespace acmed::keep {

/// Something that a certificate needs done over the years: issuing, deployment ... The Keeper performs it when it is
/// due and remembers its failures; a duty only says when it is due, and does it.
class Duty {
 public:
  Duty() = default;
  Duty(const Duty&) = delete;
  Duty& operator=(const Duty&) = delete;
  virtual ~Duty() = default;

  /// When it is due: Time::min() for at once, Time::max() when there is nothing to do.
  virtual Time due() const = 0;

  /// Does it. Throws Error when it failed, Cancelled.
  virtual Task<> perform() = 0;

  /// What is remembered of its failures.
  virtual Rare<store::Trouble>& trouble() = 0;

  /// What it does, for programs: "issue", "deploy:TARGET".
  virtual std::string name() const = 0;

  /// Why it is due, or will be, for people: "a third of its life is left".
  virtual std::string why_due() const = 0;

  /// How a sentence about its failure begins: "not issued".
  virtual std::string failed() const = 0;

  /// A fingerprint of its subject; when that changes, its trouble is over. Empty when nothing can change.
  virtual std::string about() const { return {}; }

  /// When it is performed even during the pause after a failure: waiting longer would cost more.
  virtual Time last_chance() const { return Time::max(); }

  /// What it is waiting for although it is due: until when, and why, for a sentence.
  struct Wait {
    Time until;
    std::string why;
  };
  virtual std::optional<Wait> wait() const { return std::nullopt; }

  /// Whether all that it is due for is to see that nothing has changed: nobody wants to know when.
  virtual bool only_looks() const { return false; }

  /// Somebody asked for it: it is performed although it is not due. Until it is, it stays wanted.
  virtual void want(bool /*wanted*/) noexcept {}
  virtual bool is_wanted() const noexcept { return false; }

  /// Stores a failure that another duty ran into and that this one is to remember.
  void meet(std::exception_ptr failure) noexcept { met_ = std::move(failure); }
  std::exception_ptr take_met() noexcept { return std::exchange(met_, nullptr); }

 private:
  std::exception_ptr met_;
};

}  // namespace acmed::keep
