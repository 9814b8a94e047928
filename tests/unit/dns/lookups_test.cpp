// SPDX-License-Identifier: Apache-2.0
#include "dns/lookups.h"

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"
#include "tests/unit/set_clock.h"

using namespace acmed;
using namespace std::chrono_literals;

namespace {

const Time start = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22);

Task<int> look_up(int* count, bool fails) {
  const int mine = ++*count;
  co_await sleep_for(1s);
  if (fails) throw Retry("dns:SERVFAIL", "no luck");
  co_return mine;
}

Task<> ask(dns::Lookups<int, int>* lookups, int* count, bool fails, std::vector<int>* results) {
  try {
    results->push_back(co_await lookups->get(1, look_up(count, fails)));
  } catch (const Retry&) {
    results->push_back(-1);
  }
}

Task<> ask_at_once(dns::Lookups<int, int>* lookups, int* count, bool fails, std::vector<int>* results) {
  std::vector<Task<>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(ask(lookups, count, fails, results));
  co_await when_all(std::move(tasks));
}

Task<> first_gives_up(dns::Lookups<int, int>* lookups, int* count, std::vector<int>* results) {
  const bool ended = co_await within(500ms, ask(lookups, count, false, results));
  if (ended) throw std::logic_error("the first was not called off");
}

Task<> ask_later(dns::Lookups<int, int>* lookups, int* count, std::vector<int>* results) {
  co_await sleep_for(100ms);
  co_await ask(lookups, count, false, results);
}

Task<> first_gives_up_while_another_waits(dns::Lookups<int, int>* lookups, int* count, std::vector<int>* results) {
  std::vector<Task<>> tasks;
  tasks.push_back(first_gives_up(lookups, count, results));
  tasks.push_back(ask_later(lookups, count, results));
  co_await when_all(std::move(tasks));
}

}  // namespace

SCENARIO("all who ask at the same time share one look-up") {
  VirtualClock clock(start);
  Loop loop(clock);
  dns::Lookups<int, int> lookups(clock);
  int count = 0;
  std::vector<int> results;

  WHEN("it succeeds") {
    run(loop, ask_at_once(&lookups, &count, false, &results));
    CHECK(results == std::vector{1, 1, 1, 1, 1});
    THEN("its result is good for a minute") {
      clock.advance(58s);
      run(loop, ask(&lookups, &count, false, &results));
      CHECK(count == 1);
      clock.advance(2s);
      run(loop, ask(&lookups, &count, false, &results));
      CHECK(count == 2);
    }
    THEN("it can be forgotten") {
      lookups.forget();
      run(loop, ask(&lookups, &count, false, &results));
      CHECK(count == 2);
    }
  }
  WHEN("it fails") {
    run(loop, ask_at_once(&lookups, &count, true, &results));
    CHECK(results == std::vector{-1, -1, -1, -1, -1});
    CHECK(count == 1);
    THEN("the failure is kept for seconds only") {
      clock.advance(6s);
      run(loop, ask(&lookups, &count, false, &results));
      CHECK(results.back() == 2);
    }
  }
  WHEN("the one that looks up is called off") {
    run(loop, first_gives_up_while_another_waits(&lookups, &count, &results));
    THEN("the next one takes over") {
      CHECK(count == 2);
      CHECK(results == std::vector{2});
    }
  }
}

SCENARIO("what failed by a wrong clock is looked up again when it is set") {
  VirtualClock real(start);
  test::SetClock clock(real);
  Loop loop(real);
  dns::Lookups<int, int> lookups(clock);
  int count = 0;
  std::vector<int> results;
  run(loop, ask(&lookups, &count, true, &results));
  clock.ahead = GENERATE(24h * 400, -24h * 400);
  run(loop, ask(&lookups, &count, false, &results));
  CHECK(results == std::vector{-1, 2});
}
