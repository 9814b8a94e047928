// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/poll_pace.h"

#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;

SCENARIO("polls begin after a round trip and become rarer as the wait grows") {
  const acme::PollPace pace(40ms, 10min);
  CHECK(pace.pause(0ms, {}) == 40ms);
  CHECK(pace.pause(100ms, {}) == 40ms);
  CHECK(pace.pause(1s, {}) == 250ms);
  CHECK(pace.pause(5min, {}) == 15s);
  CHECK(acme::PollPace(1ms, 10min).pause(0ms, {}) == 5ms);
}

SCENARIO("what the CA asks for by Retry-After comes before our own pace") {
  const acme::PollPace pace(40ms, 10min);
  CHECK(pace.pause(5min, 3s) == 3s);
  CHECK(pace.pause(0s, 50s) == 50s);
}

SCENARIO("a CA that asks for a day is polled every minute nevertheless: it may be done after seconds") {
  CHECK(acme::PollPace(40ms, 10min).pause(0s, 24h) == 1min);
}

SCENARIO("a Retry-After of zero or in the past does not have us poll without a pause") {
  const acme::PollPace pace(40ms, 10min);
  CHECK(pace.pause(0s, 0s) == 40ms);
  CHECK(pace.pause(5min, 0s) == 15s);
  CHECK(pace.pause(5min, -10s) == 15s);
}

SCENARIO("polls end at their limit, with a last look just before it") {
  const acme::PollPace pace(40ms, 1min);
  CHECK(pace.pause(55s, {}) == 5s);
  CHECK(pace.pause(50s, 24h) == 10s);
  CHECK(pace.pause(1min, {}) == std::nullopt);
  CHECK(pace.pause(1min, 24h) == std::nullopt);
}
