// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/calendar.h"

#include <algorithm>
#include <cmath>

namespace acmed::renew {
namespace {

using std::chrono::hours;

/// However few there are: nobody is troubled by so many in an hour.
constexpr double least_share = 10;
constexpr double share_of_mean = 1.5;

std::int64_t hour_of(Time time) {
  return std::chrono::floor<hours>(time).time_since_epoch().count();
}

}  // namespace

Calendar::Place::~Place() {
  if (calendar_ == nullptr) return;
  calendar_->per_hour_ -= per_hour_;
  const auto found = calendar_->hours_.find(hour_of(at_));
  if (--found->second == 0) calendar_->hours_.erase(found);
}

unsigned Calendar::in_hour(std::int64_t hour) const {
  const auto found = hours_.find(hour);
  return found == hours_.end() ? 0 : found->second;
}

unsigned Calendar::share() const {
  return static_cast<unsigned>(std::ceil(std::max(least_share, share_of_mean * per_hour_)));
}

Calendar::Place Calendar::place(Time begin, Time end, Time usual, Time now) {
  const Duration use = std::max<Duration>(usual - begin, hours(1));
  // One that a CA wants to be replaced at once does not say how often it is renewed.
  const Duration cycle = std::max<Duration>(use, (end - begin) / 2);
  const double per_hour = static_cast<double>(Duration(hours(1)).count()) / static_cast<double>(cycle.count());
  per_hour_ += per_hour;
  const auto room = share();
  const auto last = hour_of(usual);
  const auto first = std::min(last, std::max(hour_of(now), hour_of(begin + use / 2)) + 1);
  auto best = last;
  auto fewest = in_hour(last);
  // Hundreds of hours may be full.
  for (auto hour = last - 1; hour >= first && fewest >= room; --hour) {
    const auto own = in_hour(hour);
    if (own >= fewest) continue;
    best = hour;
    fewest = own;
  }
  ++hours_[best];
  return {*this, usual, usual - hours(last - best), per_hour};
}

}  // namespace acmed::renew
