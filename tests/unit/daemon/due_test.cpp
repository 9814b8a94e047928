// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/due.h"

#include "tests/unit/catch.h"

namespace acmed::renew {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time noon = *parse_rfc3339("2026-11-22T12:00:00Z");

store::Issued issued_for(Duration life, const std::string& serial = "01") {
  store::Issued issued;
  issued.serial = serial;
  issued.not_before = noon;
  issued.not_after = noon + life;
  return issued;
}

Duration left_at_renewal(const store::Issued& issued, std::optional<double> fraction) {
  return issued.not_after - due_at(issued, fraction);
}

SCENARIO("a certificate is renewed when a part of its life is left") {
  GIVEN("a life of 90 days and no fraction") {
    const auto left = left_at_renewal(issued_for(hours(24 * 90)), std::nullopt);
    THEN("it is renewed with a third left, or at most a twentieth of that earlier") {
      CHECK(left >= hours(24 * 30));
      CHECK(left <= hours(24 * 30) * 21 / 20);
    }
  }
  GIVEN("a life of 160 hours and no fraction") {
    const auto left = left_at_renewal(issued_for(hours(160)), std::nullopt);
    THEN("it is renewed with a half left") {
      CHECK(left >= hours(80));
      CHECK(left <= hours(84));
    }
  }
  GIVEN("a configured fraction") {
    const auto left = left_at_renewal(issued_for(hours(100)), 0.1);
    THEN("the fraction counts") {
      CHECK(left >= hours(10) - seconds(1));
      CHECK(left <= minutes(631));
    }
  }
}

SCENARIO("a certificate is never due when it has just been issued") {
  CHECK(due_at(issued_for(hours(100)), 0.99) >= noon + hours(9));
}

SCENARIO("certificates of one moment are not all due in one moment") {
  const auto life = hours(24 * 90);
  CHECK(due_at(issued_for(life, "01"), {}) == due_at(issued_for(life, "01"), {}));
  CHECK(due_at(issued_for(life, "01"), {}) != due_at(issued_for(life, "02"), {}));
}

SCENARIO("failures are tried again after 1, 10 and 100 minutes, then daily") {
  const Retry error("dns:timeout", "no answer");
  std::optional<store::Trouble> trouble;
  for (const Duration expected : {Duration(minutes(1)), Duration(minutes(10)), Duration(minutes(100)),
                                  Duration(hours(24)), Duration(hours(24))}) {
    trouble = after_failure(trouble, error, noon, 0, std::nullopt);
    CHECK(trouble->next_try - noon == expected);
  }
  CHECK(trouble->failures == 5);
  CHECK(trouble->sentence == "no answer");
  CHECK(trouble->cause == "dns:timeout");
}

SCENARIO("chance makes a pause longer by a tenth at most") {
  const auto trouble = after_failure({}, Retry("x", "y"), noon, 0.999, std::nullopt);
  CHECK(trouble.next_try - noon > minutes(1));
  CHECK(trouble.next_try - noon < seconds(67));
}

SCENARIO("a certificate near its end is tried more often") {
  std::optional<store::Trouble> trouble;
  for (int i = 0; i < 6; ++i) trouble = after_failure(trouble, Retry("x", "y"), noon, 0, noon + hours(20));
  CHECK(trouble->next_try - noon == hours(2));
  trouble = after_failure(trouble, Retry("x", "y"), noon, 0, noon + seconds(10));
  CHECK(trouble->next_try - noon == minutes(15));
}

SCENARIO("nothing is tried before the other side's Retry-After, not even when a person asks") {
  const auto until = noon + hours(3);
  const auto trouble = after_failure({}, Throttled("acme:rateLimited", "too many", until), noon, 0, std::nullopt);
  CHECK(trouble.next_try == until);
  CHECK(next_try(trouble, true) == until);
}

SCENARIO("a person's wish comes before the usual pause") {
  const auto trouble = after_failure({}, Retry("x", "y"), noon, 0, std::nullopt);
  CHECK(next_try(trouble, false) == noon + minutes(1));
  CHECK(next_try(trouble, true) <= noon);
}

}  // namespace
}  // namespace acmed::renew
