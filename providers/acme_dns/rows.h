// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace acmed::providers {

/// What is known of the two rows that acme-dns has for a subdomain. An update replaces the value of the older row;
/// which one that is, the server knows by whole seconds only: of two that were written in the same second, any may go.
class AcmeDnsRows {
 public:
  static constexpr std::size_t count = 2;

  /// Nothing is known: somebody may have written both rows as late as `now`.
  explicit AcmeDnsRows(Moment now) : newer_{std::nullopt, now, now}, older_ended_(now) {}

  bool holds(const std::string& value) const { return newer_.value == value || older_ == value; }

  /// How to come to hold all of `wanted`, which are at most `count`, so that what is there already is never away: those
  /// that have to be there stand first.
  struct Plan {
    std::vector<std::string> updates;    ///< in this order
    std::optional<Moment> not_before{};  ///< for the first of them
  };
  Plan plan_for(const std::vector<std::string>& wanted) const;

  /// An update was made between `began` and `ended`.
  void wrote(const std::string& value, Moment began, Moment ended);
  /// An update was made or not, until `now`: nothing is known any more.
  void forget(Moment now) { *this = AcmeDnsRows(now); }
  /// The value has served: to hold it is not wanted any more, and if it is again, it has to be written again.
  void release(const std::string& value);

 private:
  struct Row {
    std::optional<std::string> value;  ///< none when it is not known or does not matter
    Moment began;                      ///< the earliest time at which it may have been written
    Moment ended;                      ///< the latest
  };

  bool knows_older() const;

  Row newer_;
  std::optional<std::string> older_;  ///< the other row's value
  Moment older_ended_;
};

}  // namespace acmed::providers
