// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/due.h"

#include <cmath>
#include <random>

#include "daemon/acme/answer.h"
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
  GIVEN("a configured time") {
    const auto left = left_at_renewal(issued_for(hours(24 * 90)), std::nullopt);
    const auto of_month = issued_for(hours(24 * 90)).not_after - due_at(issued_for(hours(24 * 90)), hours(24 * 20));
    THEN("it counts, with the same spread") {
      CHECK(of_month >= hours(24 * 20) - seconds(1));
      CHECK(of_month <= hours(24 * 21));
      CHECK(of_month < left);
    }
    THEN("for half of a shorter life at most") {
      const auto issued = issued_for(hours(24 * 6));
      const auto of_short = issued.not_after - due_at(issued, hours(24 * 30));
      CHECK(of_short >= hours(24 * 3));
      CHECK(of_short <= hours(24 * 3) * 21 / 20);
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
  GIVEN("CAs that date back by an hour, or by a year") {
    for (const auto& [back, left] : {std::pair<Duration, Duration>{hours(1), hours(1)},
                                     {hours(24 * 365), hours(24 * 30)},
                                     {hours(24 * 3650), minutes(10)}}) {
      auto issued = issued_for(left);
      issued.not_before = noon - back;
      issued.issued_at = noon;
      THEN("only what was left when it came counts") {
        CHECK(due_at(issued, std::nullopt) > noon + left / 3);
        CHECK(due_at(issued, 0.99) >= noon + left / 11);
      }
    }
  }
  GIVEN("a clock that was wrong when it came") {
    auto issued = issued_for(hours(100));
    issued.issued_at = noon + hours(24 * 3650);
    CHECK(due_at(issued, std::nullopt) < issued.not_after);
    issued.issued_at = noon - hours(24 * 3650);
    CHECK(due_at(issued, std::nullopt) > noon);
  }
}

SCENARIO("certificates of one moment are not all due in one moment") {
  const auto life = hours(24 * 90);
  CHECK(due_at(issued_for(life, "01"), {}) == due_at(issued_for(life, "01"), {}));
  CHECK(due_at(issued_for(life, "01"), {}) != due_at(issued_for(life, "02"), {}));
}

SCENARIO("a certificate is never due when it was just issued, and always before its end, however long it lives") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> chance(0, 1);
  const auto years = [](double count) { return std::chrono::duration_cast<Duration>(hours(8766) * count); };
  constexpr double shortest = 1.0 / 60 / 8766;
  for (int i = 0; i < 10'000; ++i) {
    const auto left = years(shortest * std::pow(30 / shortest, chance(random)));
    const double backdated = 0.9 * chance(random);
    store::Issued issued;
    issued.serial = std::to_string(i);
    issued.issued_at = noon;
    issued.not_before = noon - std::chrono::duration_cast<Duration>(left * (backdated / (1 - backdated)));
    issued.not_after = noon + left;
    const auto fraction = i % 2 == 0 ? std::nullopt : std::optional(chance(random));
    const auto due = due_at(issued, fraction);
    const bool is_right = due >= noon + left / 10 - seconds(1) && due < issued.not_after;
    CAPTURE(left.count(), backdated, fraction.value_or(-1));
    if (!is_right) CHECK(is_right);
  }
}

/// A try at noon that nobody asked for.
Attempt attempt(double chance = 0, std::optional<Time> not_after = {}) {
  return {noon, chance, not_after, false, "this"};
}

Attempt asked_attempt() {
  return {noon, 0, {}, true, "this"};
}

SCENARIO("failures are tried again after 1, 10 and 100 minutes, then daily") {
  const Retry error("dns:timeout", "no answer");
  Rare<store::Trouble> trouble;
  for (const Duration expected : {Duration(minutes(1)), Duration(minutes(10)), Duration(minutes(100)),
                                  Duration(hours(24)), Duration(hours(24))}) {
    trouble = after_failure(trouble, error, attempt(0, noon + hours(24 * 30)));
    CHECK(trouble->next_try - noon == expected);
  }
  CHECK(trouble->failures == 5);
  CHECK(trouble->sentence == "no answer");
  CHECK(trouble->cause == "dns:timeout");
  CHECK(trouble->about == "this");
}

SCENARIO("chance makes a pause longer by a tenth at most") {
  const auto trouble = after_failure({}, Retry("x", "y"), attempt(0.999));
  CHECK(trouble.next_try - noon > minutes(1));
  CHECK(trouble.next_try - noon < seconds(67));
}

SCENARIO("a certificate near its end is tried more often") {
  Rare<store::Trouble> trouble;
  for (int i = 0; i < 6; ++i) trouble = after_failure(trouble, Retry("x", "y"), attempt(0, noon + hours(20)));
  CHECK(trouble->next_try - noon == hours(2));
  trouble = after_failure(trouble, Retry("x", "y"), attempt(0, noon + seconds(10)));
  CHECK(trouble->next_try - noon == minutes(15));
}

SCENARIO("a certificate that is missing or has ended is as urgent, but not for ever") {
  const Retry error("x", "y");
  for (const auto& end : {std::optional<Time>(), std::optional<Time>(noon - hours(1))}) {
    Rare<store::Trouble> trouble;
    for (int i = 0; i < 9; ++i) trouble = after_failure(trouble, error, attempt(0, end));
    CHECK(trouble->next_try - noon == minutes(15));
    auto later = attempt(0, end);
    later.now = noon + hours(20);
    CHECK(after_failure(trouble, error, later).next_try - later.now == hours(2));
    later.now = noon + hours(24 * 300);
    CHECK(after_failure(trouble, error, later).next_try - later.now == hours(24));
  }
}

SCENARIO("no pause of our own is longer than a tenth of what is left, whatever chance adds") {
  Rare<store::Trouble> trouble;
  for (int i = 0; i < 9; ++i) trouble = after_failure(trouble, Retry("x", "y"), attempt(0.999, noon + hours(20)));
  CHECK(trouble->next_try - noon <= hours(2));
  CHECK(trouble->next_try - noon > minutes(100));
}

SCENARIO("what a CA limits is not tried before its Retry-After, not even when a person asks") {
  const auto until = noon + hours(3);
  const auto trouble = after_failure({}, Throttled("acme:rateLimited", "too many", until, Party::ca), attempt());
  CHECK(trouble.next_try == until);
  CHECK(next_try(trouble, true, noon) == until);
}

SCENARIO("what anybody else asked for holds for machines, not for people") {
  const auto until = noon + hours(3);
  for (const Error& error : {Error(Throttled("http:429", "too many", until)), Error(Retry("http:503", "busy", until)),
                             Error(Throttled(acme::overloaded, "busy", until, Party::ca))}) {
    const auto trouble = after_failure({}, error, attempt());
    CHECK(next_try(trouble, false, noon) == until);
    CHECK(next_try(trouble, true, noon) <= noon);
  }
}

SCENARIO("a pause is never longer than a tenth of what is left of the certificate") {
  const Throttled error("acme:rateLimited", "too many", noon + hours(24 * 31), Party::ca);
  const auto trouble = after_failure({}, error, attempt(0, noon + hours(24 * 30)));
  CHECK(trouble.next_try == noon + hours(24 * 3));
  CHECK(next_try(trouble, true, noon) == noon + hours(24 * 3));
}

SCENARIO("a person's wish comes before the usual pause, and makes it no longer") {
  Rare<store::Trouble> trouble;
  for (int i = 0; i < 2; ++i) trouble = after_failure(trouble, Retry("x", "y"), attempt());
  CHECK(next_try(*trouble, false, noon) == noon + minutes(10));
  CHECK(next_try(*trouble, true, noon) <= noon);
  for (int i = 0; i < 5; ++i) trouble = after_failure(trouble, Retry("x", "y"), asked_attempt());
  CHECK(next_try(*trouble, false, noon) == noon + minutes(10));
  // Nor does it make the next one that nobody asked for longer.
  trouble = after_failure(trouble, Retry("x", "y"), attempt(0, noon + hours(24 * 60)));
  CHECK(next_try(*trouble, false, noon) == noon + minutes(100));
}

SCENARIO("a person's wish does not put off the try that was due anyway") {
  Rare<store::Trouble> trouble;
  for (int i = 0; i < 2; ++i) trouble = after_failure(trouble, Retry("x", "y"), attempt());
  REQUIRE(trouble->next_try == noon + minutes(10));
  trouble = after_failure(trouble, Retry("x", "y"), {noon + minutes(5), 0, {}, true, "this"});
  CHECK(next_try(*trouble, false, noon + minutes(5)) == noon + minutes(10));
}

SCENARIO("a next try is believed within the longest pause, and of a trouble that has begun") {
  store::Trouble trouble;
  trouble.since = noon - hours(1);
  trouble.next_try = noon + hours(24 * 30);
  CHECK(next_try(trouble, false, noon) == noon + hours(24 * 30));
  WHEN("it is years away") {
    trouble.next_try = noon + hours(24 * 365 * 100);
    CHECK(next_try(trouble, false, noon) <= noon);
  }
  WHEN("the trouble begins later") {
    trouble.since = noon + minutes(1);
    CHECK(next_try(trouble, false, noon) <= noon);
  }
}

SCENARIO("times that a clock ahead of time left behind are not believed") {
  const auto ahead = noon + hours(24 * 365 * 9);
  for (const Error& error :
       {Error(Retry("x", "y")), Error(Throttled("acme:rateLimited", "z", ahead + minutes(1), Party::ca))}) {
    const auto trouble = after_failure({}, error, {ahead, 0, {}, false, "this"});
    CHECK(next_try(trouble, false, noon) <= noon);
    CHECK(next_try(trouble, true, noon) <= noon);
    CHECK(after_failure(trouble, Retry("x", "y"), attempt()).since == noon);
  }
}

}  // namespace
}  // namespace acmed::renew
