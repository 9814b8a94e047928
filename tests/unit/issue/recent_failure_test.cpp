// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/recent_failure.h"

#include "tests/unit/catch.h"
#include "tests/unit/set_clock.h"

namespace acmed::issue {

using namespace std::chrono_literals;

SCENARIO("what one met at a CA is believed for a while, and no longer when the clock is set") {
  VirtualClock real(Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27)));
  test::SetClock clock(real);
  RecentFailure trouble(clock);
  CHECK_NOTHROW(trouble.rethrow_if_recent());
  const auto failure = std::make_exception_ptr(Retry("test", "its certificate is not yet valid"));

  trouble.remember(failure, 20s);
  real.advance(19s);
  CHECK_THROWS_AS(trouble.rethrow_if_recent(), Error);
  WHEN("the while is over") {
    real.advance(1s);
    CHECK_NOTHROW(trouble.rethrow_if_recent());
  }
  WHEN("the clock is set") {
    clock.ahead = GENERATE(24h * 400, -24h * 400);
    CHECK_NOTHROW(trouble.rethrow_if_recent());
    THEN("what is met afterwards is believed again") {
      trouble.remember(failure, 20s);
      CHECK_THROWS_AS(trouble.rethrow_if_recent(), Error);
    }
  }
  WHEN("the clock was set before") {
    trouble.forget();
    clock.ahead = 24h;
    trouble.remember(failure, 20s);
    CHECK_THROWS_AS(trouble.rethrow_if_recent(), Error);
  }
}

}  // namespace acmed::issue
