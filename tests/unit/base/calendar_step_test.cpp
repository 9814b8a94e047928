// SPDX-License-Identifier: Apache-2.0
#include "base/calendar_step.h"

#include "tests/unit/catch.h"
#include "tests/unit/set_clock.h"

namespace acmed {

using namespace std::chrono_literals;

SCENARIO("a calendar that is set is told once, by how much, and time that passes is no step") {
  VirtualClock real(Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27)));
  test::SetClock clock(real);
  CalendarStep calendar(clock);
  CHECK(calendar.take() == 0s);
  real.advance(1000h);
  CHECK(calendar.take() == 0s);
  for (const auto step : {10000h, -20000h, 2h}) {
    clock.ahead += step;
    CHECK(calendar.take() == step);
    CHECK(calendar.take() == 0s);
  }
  WHEN("it is kept right") {
    clock.ahead += 59s;
    CHECK(calendar.take() == 0s);
  }
}

}  // namespace acmed
