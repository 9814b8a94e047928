// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace acmed::renew {

/// When many certificates are renewed. Those that were issued on the same day (the first ones, all of them after a
/// revocation) would be renewed on the same day for years: where an hour has more than its share, some of its renewals
/// are brought forward. None is ever put off. Few certificates are never moved.
class Calendar {
 public:
  Calendar() = default;
  Calendar(const Calendar&) = delete;
  Calendar& operator=(const Calendar&) = delete;

  /// A renewal in the calendar, until it is destroyed. The calendar must outlive it.
  class [[nodiscard]] Place {
   public:
    Place(Place&& other) noexcept
        : calendar_(std::exchange(other.calendar_, nullptr)),
          usual_(other.usual_),
          at_(other.at_),
          per_hour_(other.per_hour_) {}
    Place& operator=(Place&&) = delete;
    ~Place();

    Time at() const noexcept { return at_; }
    Time usual() const noexcept { return usual_; }

   private:
    friend class Calendar;
    Place(Calendar& calendar, Time usual, Time at, double per_hour)
        : calendar_(&calendar), usual_(usual), at_(at), per_hour_(per_hour) {}
    Calendar* calendar_;
    Time usual_;
    Time at_;
    double per_hour_;
  };

  /// For a certificate that is in use from `begin` on, ends at `end` and is usually renewed at `usual`: the latest time
  /// until then whose hour has room, but not before `now`, nor in the first half of that time. Where no hour has room,
  /// the one with the fewest.
  Place place(Time begin, Time end, Time usual, Time now);

  /// The renewals of an hour that are not moved: half more than the mean of all, and some in any case.
  unsigned share() const;

 private:
  unsigned in_hour(std::int64_t hour) const;

  std::unordered_map<std::int64_t, unsigned> hours_;  ///< renewals, by hours since the epoch
  double per_hour_ = 0;                               ///< of all certificates, on average
};

}  // namespace acmed::renew
