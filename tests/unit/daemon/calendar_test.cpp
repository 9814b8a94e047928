// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/calendar.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "tests/unit/catch.h"

namespace acmed::renew {
namespace {

using namespace std::chrono_literals;

const Time start(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26));

/// All due in the same minute, `use` after the start.
std::vector<Calendar::Place> bunch(Calendar& calendar, int count, Duration use) {
  std::vector<Calendar::Place> places;
  for (int i = 0; i < count; ++i)
    places.push_back(calendar.place(start, start + use * 3 / 2, start + use + 1s * (i % 60), start));
  return places;
}

int most_in_an_hour(const std::vector<Calendar::Place>& places) {
  std::map<std::int64_t, int> hours;
  int most = 0;
  for (const auto& place : places) {
    most = std::max(most, ++hours[std::chrono::floor<std::chrono::hours>(place.at()).time_since_epoch().count()]);
  }
  return most;
}

}  // namespace

SCENARIO("few certificates are renewed when it is usual") {
  Calendar calendar;
  for (const auto& place : bunch(calendar, 10, 60 * 24h)) CHECK(place.at() == place.usual());
}

SCENARIO("many certificates of the same day are spread over the time before their renewals, and none is put off") {
  Calendar calendar;
  const auto places = bunch(calendar, 10000, 60 * 24h);
  CHECK(most_in_an_hour(places) <= 3 * 10000 / (60 * 24));
  for (const auto& place : places) {
    CHECK(place.at() <= place.usual());
    CHECK(place.at() >= start + 30 * 24h);
  }
  AND_THEN("also those that end within days") {
    Calendar of_short;
    CHECK(most_in_an_hour(bunch(of_short, 10000, 72h)) <= 3 * 10000 / 72);
  }
}

SCENARIO("what is due at once is not moved, and what left the calendar makes room") {
  Calendar calendar;
  CHECK(calendar.place(start - 60 * 24h, start + 30 * 24h, start - 1h, start).at() == start - 1h);
  std::optional<std::vector<Calendar::Place>> places = bunch(calendar, 10000, 60 * 24h);
  const auto share = calendar.share();
  CHECK(share > 10);
  places.reset();
  CHECK(calendar.share() == 10);
  CHECK(calendar.place(start, start + 90 * 24h, start + 60 * 24h, start).at() == start + 60 * 24h);
}

}  // namespace acmed::renew
