// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;

namespace {

constexpr Time moment_of(int year, int month, int day, Duration in_day) {
  return Time(std::chrono::sys_days(std::chrono::year(year) / month / day)) + in_day;
}

}  // namespace

TEST_CASE("RFC 3339 is read with fractions and offsets") {
  const auto time = moment_of(2026, 11, 22, 9h + 47min);
  CHECK(parse_rfc3339("2026-11-22T09:47:00Z") == time);
  CHECK(parse_rfc3339("2026-11-22t09:47:00z") == time);
  CHECK(parse_rfc3339("2026-11-22T10:47:00+01:00") == time);
  CHECK(parse_rfc3339("2026-11-22T00:17:00-09:30") == time);
  CHECK(parse_rfc3339("2026-11-22T09:47:00.5Z") == time + 500ms);
  CHECK(parse_rfc3339("2026-11-22T09:47:00.123456789123Z") == time + 123456789ns);
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z") == moment_of(2024, 2, 29, 0s));
  CHECK(parse_rfc3339("2016-12-31T23:59:60Z") == moment_of(2017, 1, 1, 0s));
}

TEST_CASE("what is no RFC 3339 is not read") {
  for (const auto* text :
       {"", "2026", "2026-11-22", "2026-11-22T09:47:00", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T09:60:00Z", "2026-11-22T09:47:00.Z", "2026-11-22T09:47:00+01",
        "2026-11-22T09:47:00Zx", "+026-11-22T09:47:00Z", "2026-11-22T09:47:-1Z", " 2026-11-22T09:47:00Z"}) {
    INFO(text);
    CHECK(!parse_rfc3339(text));
  }
}

TEST_CASE("dates that a Time cannot hold become the nearest that can be calculated with") {
  CHECK(parse_rfc3339("9999-12-31T23:59:59Z") == moment_of(2200, 1, 1, 0s));
  CHECK(parse_rfc3339("0001-01-01T00:00:00Z") == moment_of(1700, 1, 1, 0s));
}

TEST_CASE("a time is written as RFC 3339 and read back") {
  CHECK(to_rfc3339(moment_of(2026, 1, 2, 3h + 4min + 5s + 999ms)) == "2026-01-02T03:04:05Z");
  CHECK(to_rfc3339(moment_of(1969, 12, 31, 23h)) == "1969-12-31T23:00:00Z");
  CHECK(parse_rfc3339(to_rfc3339(moment_of(2026, 1, 2, 3s))) == moment_of(2026, 1, 2, 3s));
}

TEST_CASE("Retry-After is read as seconds and as a date") {
  const auto now = moment_of(2026, 11, 22, 9h);
  CHECK(parse_retry_after("120", now) == now + 2min);
  CHECK(parse_retry_after("0", now) == now);
  CHECK(parse_retry_after("Sun, 22 Nov 2026 10:00:30 GMT", now) == now + 1h + 30s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == moment_of(1994, 11, 6, 8h + 49min + 37s));
  for (const auto* text : {"", "-1", "1.5", "soon", "12x", "99999999999", "Sun, 22 Nov 2026 10:00:30 CET",
                           "Sun, 32 Nov 2026 10:00:30 GMT", "Sun, 22 Foo 2026 10:00:30 GMT"}) {
    INFO(text);
    CHECK(!parse_retry_after(text, now));
  }
}

TEST_CASE("durations are read with their unit") {
  CHECK(parse_duration("90s") == 90s);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("6h") == 6h);
  CHECK(parse_duration("30d") == 30 * 24h);
  for (const auto* text : {"", "90", "s", "-1s", "1.5h", "1w", "10 m", "10m ", "99999999999s", "4000000000d"}) {
    INFO(text);
    CHECK(!parse_duration(text));
  }
}

TEST_CASE("durations are written for people") {
  CHECK(to_text(20ms) == "20 ms");
  CHECK(to_text(2300ms) == "2.3 s");
  CHECK(to_text(60s) == "60 s");
  CHECK(to_text(10min) == "10 min");
  CHECK(to_text(72h) == "3 d");
}

TEST_CASE("a test's clock moves only when told") {
  VirtualClock clock(moment_of(2026, 1, 1, 0s));
  const auto before = clock.moment();
  clock.advance(5s);
  CHECK(clock.now() == moment_of(2026, 1, 1, 5s));
  CHECK(clock.moment() - before == 5s);
}
