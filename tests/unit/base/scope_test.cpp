// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/scope.h"

#include "base/runtime/sleep.h"
#include "tests/unit/base/counted.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;
using test::Counted;

namespace {

const Time new_year = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

Task<> sleep_and_note(Duration length, std::vector<std::string>* notes, std::string name) {
  try {
    co_await sleep_for(length);
  } catch (const Cancelled&) {
    notes->push_back(name + " cancelled");
    throw;
  }
  notes->push_back(name + " done");
}

Task<> fail_after(Duration length) {
  co_await sleep_for(length);
  throw Retry("test", "failed");
}

/// Goes on for a while after it was called off, as a withdrawal does.
Task<> slow_to_stop(std::vector<std::string>* notes) {
  bool cancelled = false;
  try {
    co_await sleep_for(1h);
  } catch (const Cancelled&) {
    cancelled = true;
  }
  if (cancelled) co_await sleep_and_note(5s, notes, "cleanup").under(std::stop_token());
  throw Cancelled();
}

Task<> join_scope(std::vector<std::string>* notes, bool* went_on) {
  Scope scope(co_await context());
  scope.spawn(sleep_and_note(1h, notes, "long"));
  scope.spawn(slow_to_stop(notes));
  co_await scope.join();
  *went_on = true;
}

Task<> without_stop(Task<> task) {
  co_await std::move(task).under(std::stop_token());
}

/// Its child does not let itself be stopped, and ends well.
Task<> join_steadfast(std::vector<std::string>* notes, bool* went_on) {
  Scope scope(co_await context());
  scope.spawn(without_stop(sleep_and_note(5s, notes, "steadfast")));
  co_await scope.join();
  *went_on = true;
}

Task<> scope_with_failure(std::vector<std::string>* notes) {
  Scope scope(co_await context());
  scope.spawn(sleep_and_note(1s, notes, "short"));
  scope.spawn(fail_after(2s));
  scope.spawn(sleep_and_note(1h, notes, "long"));
  co_await scope.join();
}

Task<> stop_after(Duration length, std::stop_source* stop) {
  co_await sleep_for(length);
  stop->request_stop();
}

Task<int> slow_number(Duration length, int value) {
  co_await sleep_for(length);
  co_return value;
}

Task<> hold(Counted) {
  co_await sleep_for(1h);
}

Task<bool> expires_holding() {
  const bool ended = co_await within(1s, hold(Counted()));
  co_return ended;
}

Task<> both(Task<> a, Task<> b) {
  std::vector<Task<>> tasks;
  tasks.push_back(std::move(a));
  tasks.push_back(std::move(b));
  co_await when_all(std::move(tasks));
}

}  // namespace

SCENARIO("the first failure of a scope calls off the siblings and is what join throws") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  std::vector<std::string> notes;
  CHECK_THROWS_AS(run(loop, scope_with_failure(&notes)), Retry);
  CHECK(notes == std::vector<std::string>{"short done", "long cancelled"});
  CHECK(clock.moment() == Moment(2s));
}

SCENARIO("a scope that is called off waits for its children, then tells its owner") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  std::vector<std::string> notes;
  std::stop_source stop;
  bool went_on = false;
  CHECK_THROWS_AS(run(loop, both(join_scope(&notes, &went_on), stop_after(3s, &stop)), stop.get_token()), Cancelled);
  CHECK(notes == std::vector<std::string>{"long cancelled", "cleanup done"});
  CHECK(clock.moment() == Moment(8s));
  CHECK_FALSE(went_on);
}

SCENARIO("who waits for children hears that it was cancelled itself, though they all end well") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  std::vector<std::string> notes;
  std::stop_source stop;
  bool went_on = false;
  CHECK_THROWS_AS(run(loop, both(join_steadfast(&notes, &went_on), stop_after(3s, &stop)), stop.get_token()),
                  Cancelled);
  CHECK(notes == std::vector<std::string>{"steadfast done"});
  CHECK_FALSE(went_on);
}

TEST_CASE("what was called off before it began does not begin") {
  Loop loop;
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(run(loop, fail_after(0s), stop.get_token()), Cancelled);
}

TEST_CASE("when_all gives all results in the order of the tasks, not of their ends") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(slow_number(std::chrono::seconds(10 - i), i));
  CHECK(run(loop, when_all(std::move(tasks))) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(clock.moment() == Moment(10s));
}

TEST_CASE("when_all of nothing ends at once") {
  Loop loop;
  CHECK(run(loop, when_all(std::vector<Task<int>>())).empty());
}

SCENARIO("a limit ends a task on a test's clock without taking its time") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  const auto before = std::chrono::steady_clock::now();
  CHECK(run(loop, within(10min, slow_number(9min, 1))) == 1);
  CHECK(clock.moment() == Moment(9min));
  CHECK(!run(loop, within(10min, slow_number(11min, 1))).has_value());
  CHECK(clock.moment() == Moment(19min));
  CHECK(clock.now() == new_year + 19min);
  CHECK(std::chrono::steady_clock::now() - before < 1min);
}

TEST_CASE("a task that a limit ends frees what it held") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  CHECK_FALSE(run(loop, expires_holding()));
  CHECK(Counted::alive == 0);
}

TEST_CASE("a task's own failure passes through a limit") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  CHECK_THROWS_AS(run(loop, within(10s, fail_after(1s))), Retry);
}

TEST_CASE("calling off from outside is no expired limit") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  std::stop_source stop;
  std::vector<Task<bool>> tasks;
  std::vector<std::string> notes;
  tasks.push_back(within(1h, sleep_and_note(2h, &notes, "inner")));
  tasks.push_back(within(1h, stop_after(1s, &stop)));
  CHECK_THROWS_AS(run(loop, when_all(std::move(tasks)), stop.get_token()), Cancelled);
  CHECK(notes == std::vector<std::string>{"inner cancelled"});
}

SCENARIO("a task with grace outlives the call to stop for a while") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  std::stop_source stop;
  Loop::Timer timer;
  loop.set_timer(timer, clock.moment() + 1s, [&stop] { stop.request_stop(); });
  std::vector<std::string> notes;
  GIVEN("a task that ends within its grace") {
    run(loop, with_grace(5s, sleep_and_note(4s, &notes, "work")), stop.get_token());
    CHECK(notes == std::vector<std::string>{"work done"});
    CHECK(clock.moment() == Moment(4s));
  }
  GIVEN("a task that does not") {
    CHECK_THROWS_AS(run(loop, with_grace(5s, sleep_and_note(1h, &notes, "work")), stop.get_token()), Cancelled);
    CHECK(notes == std::vector<std::string>{"work cancelled"});
    CHECK(clock.moment() == Moment(6s));
  }
  GIVEN("a task that was to stop before it began") {
    stop.request_stop();
    run(loop, with_grace(5s, sleep_and_note(4s, &notes, "work")), stop.get_token());
    CHECK(notes == std::vector<std::string>{"work done"});
  }
}

TEST_CASE("sleeping until a time of the calendar looks at the calendar") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  run(loop, sleep_until(new_year + 48h));
  CHECK(clock.now() == new_year + 48h);
  run(loop, sleep_until(new_year));
  CHECK(clock.now() == new_year + 48h);
}

SCENARIO("a companion is called off when the task that it accompanies ends") {
  VirtualClock clock(new_year);
  Loop loop(clock);
  std::vector<std::string> notes;
  WHEN("the task ends first") {
    run(loop, accompanied(sleep_and_note(2s, &notes, "task"), sleep_and_note(1h, &notes, "companion")));
    CHECK(notes == std::vector<std::string>{"task done", "companion cancelled"});
    CHECK(clock.now() == new_year + 2s);
  }
  WHEN("the companion ends first") {
    run(loop, accompanied(sleep_and_note(2s, &notes, "task"), sleep_and_note(1s, &notes, "companion")));
    CHECK(notes == std::vector<std::string>{"companion done", "task done"});
  }
  WHEN("the task fails") {
    CHECK_THROWS_AS(run(loop, accompanied(fail_after(2s), sleep_and_note(1h, &notes, "companion"))), Retry);
    CHECK(notes == std::vector<std::string>{"companion cancelled"});
  }
  WHEN("the companion fails") {
    CHECK_THROWS_AS(run(loop, accompanied(sleep_and_note(1h, &notes, "task"), fail_after(2s))), Retry);
    CHECK(notes == std::vector<std::string>{"task cancelled"});
  }
  WHEN("both are called off") {
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(run(loop, accompanied(sleep_and_note(1h, &notes, "task"), sleep_and_note(1h, &notes, "companion")),
                        stop.get_token()),
                    Cancelled);
    CHECK(notes.size() == 2);
  }
}
