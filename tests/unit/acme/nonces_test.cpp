// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/nonces.h"

#include <algorithm>
#include <stop_token>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;
using acme::NoncePool;

namespace {

/// newNonce, as a test wants it.
struct Source {
  int fetched = 0;
  Duration pause = 10ms;
  bool fails = false;
  int failures = 0;
};

Task<std::string> fetch(Source* source) {
  co_await sleep_for(source->pause);
  if (source->fails) {
    ++source->failures;
    throw Retry("curl:7", "nobody there");
  }
  co_return "nonce-" + std::to_string(++source->fetched);
}

/// An exchange of 100 ms that brings a new nonce, or none.
struct Script {
  NoncePool* pool;
  std::vector<int> order;
  int failed = 0;
  bool nonces_lost = false;
};

Task<> exchange(Script* script, int number) {
  auto loan = co_await script->pool->take();
  const auto nonce = loan.spend();
  co_await sleep_for(100ms);
  if (!script->nonces_lost) loan.renew(nonce + "'");
  script->order.push_back(number);
}

Task<> failing_exchange(Script* script, int number) {
  try {
    co_await exchange(script, number);
  } catch (const Retry&) {
    ++script->failed;
  }
}

Task<> many(Script* script, int count) {
  std::vector<Task<>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(failing_exchange(script, i));
  co_await when_all(std::move(tasks));
}

/// Number 0 holds the only nonce; number 1 waits and is called off; number 2 waits behind it.
Task<> call_off_a_waiter(Script* script) {
  std::stop_source stop;
  Scope scope(co_await context());
  scope.spawn(exchange(script, 0));
  const auto cancellable = [](Script* shared, std::stop_token token) -> Task<> {
    try {
      co_await exchange(shared, 1).under(token);
    } catch (const Cancelled&) {
      ++shared->failed;
    }
  };
  scope.spawn(cancellable(script, stop.get_token()));
  scope.spawn(exchange(script, 2));
  co_await sleep_for(50ms);
  stop.request_stop();
  co_await scope.join();
}

struct Bench {
  VirtualClock clock{Time{}};
  Loop loop{clock};
  Source source;
  NoncePool pool{clock, [this] { return fetch(&source); }};
  Script script{&pool, {}};
};

}  // namespace

SCENARIO("few callers share one nonce, first come first served") {
  Bench bench;
  run(bench.loop, many(&bench.script, 7));
  CHECK(bench.source.fetched == 1);
  CHECK(bench.script.order == std::vector<int>{0, 1, 2, 3, 4, 5, 6});
  CHECK(bench.pool.circulating() == 1);
}

SCENARIO("where a hundred callers wait, six nonces circulate") {
  Bench bench;
  run(bench.loop, many(&bench.script, 100));
  CHECK(bench.source.fetched == 6);
  CHECK(bench.script.order.size() == 100);
  CHECK(std::is_sorted(bench.script.order.begin(), bench.script.order.end()));
  CHECK(bench.pool.circulating() == 6);
}

SCENARIO("on a long line so many nonces circulate that nobody waits long for one") {
  Bench bench;
  WHEN("the line is short") {
    bench.pool.line_is(19ms);
    run(bench.loop, many(&bench.script, 100));
    CHECK(bench.source.fetched == 6);
  }
  WHEN("it is long") {
    bench.pool.line_is(100ms);
    run(bench.loop, many(&bench.script, 100));
    THEN("no more than 20 are fetched within a second") {
      CHECK(bench.source.fetched == 20);
      CHECK(bench.clock.now() - Time{} < 700ms);
    }
    AND_WHEN("the second is over") {
      bench.clock.advance(1s);
      run(bench.loop, many(&bench.script, 100));
      THEN("their number has a limit all the same") {
        CHECK(bench.source.fetched == 34);
        CHECK(bench.pool.circulating() == 34);
      }
    }
  }
  WHEN("it is long and two want one") {
    bench.pool.line_is(80ms);
    run(bench.loop, many(&bench.script, 2));
    CHECK(bench.source.fetched == 1);
  }
}

SCENARIO("nonces for many requests are fetched before these begin, where the line is long") {
  Bench bench;
  run(bench.loop, many(&bench.script, 1));
  WHEN("the line is short") {
    bench.pool.line_is(19ms);
    run(bench.loop, bench.pool.stock(100));
    CHECK(bench.source.fetched == 1);
  }
  WHEN("it is long") {
    bench.pool.line_is(100ms);
    run(bench.loop, bench.pool.stock(10));
    CHECK(bench.pool.circulating() == 10);
    CHECK(bench.clock.now() - Time{} < 200ms);
    THEN("the requests need no more") {
      run(bench.loop, many(&bench.script, 10));
      CHECK(bench.source.fetched == 10);
    }
  }
  WHEN("none can be had") {
    bench.pool.line_is(100ms);
    bench.source.fails = true;
    run(bench.loop, bench.pool.stock(10));
    THEN("the one that there is does for all") {
      run(bench.loop, many(&bench.script, 5));
      CHECK(bench.script.failed == 0);
      CHECK(bench.pool.circulating() == 1);
    }
  }
}

SCENARIO("a lost nonce lets nobody hang: one of those who wait fetches another") {
  Bench bench;
  bench.script.nonces_lost = true;
  run(bench.loop, many(&bench.script, 5));
  CHECK(bench.script.order.size() == 5);
  CHECK(bench.source.fetched == 5);
  CHECK(bench.pool.circulating() == 0);
}

SCENARIO("when no nonce can be had, all who wait hear it at once") {
  Bench bench;
  bench.source.fails = true;
  run(bench.loop, many(&bench.script, 100));
  CHECK(bench.script.failed == 100);
  CHECK(bench.source.failures <= 2);
  CHECK(bench.pool.circulating() == 0);
  WHEN("the CA is back") {
    bench.source.fails = false;
    run(bench.loop, many(&bench.script, 1));
    CHECK(bench.script.order.size() == 1);
  }
}

SCENARIO("a fetch that fails while other nonces circulate only means that they must do") {
  Bench bench;
  run(bench.loop, many(&bench.script, 1));
  bench.source.fails = true;
  run(bench.loop, many(&bench.script, 20));
  CHECK(bench.script.failed == 0);
  CHECK(bench.script.order.size() == 21);
  CHECK(bench.pool.circulating() == 1);
}

SCENARIO("nobody hangs when nonces are lost while fetches fail") {
  Bench bench;
  run(bench.loop, many(&bench.script, 1));
  bench.source.fails = true;
  bench.script.nonces_lost = true;
  for (const Duration pause : {10ms, 100ms, 110ms, 200ms}) {
    bench.source.pause = pause;
    run(bench.loop, many(&bench.script, 20));
    CHECK(bench.pool.circulating() == 0);
  }
  CHECK(bench.script.failed == 79);
}

SCENARIO("a waiter that is called off takes no nonce with it") {
  Bench bench;
  run(bench.loop, call_off_a_waiter(&bench.script));
  CHECK(bench.script.failed == 1);
  CHECK(bench.script.order == std::vector<int>{0, 2});
  CHECK(bench.source.fetched == 1);
  CHECK(bench.pool.circulating() == 1);
}

SCENARIO("when the one that fetches is called off, another one fetches") {
  Bench bench;
  bench.source.pause = 1s;
  const auto body = [](Script* script) -> Task<> {
    Scope scope(co_await context());
    const auto impatient = [](Script* shared) -> Task<> { co_await within(500ms, exchange(shared, 0)); };
    scope.spawn(impatient(script));
    scope.spawn(exchange(script, 1));
    co_await scope.join();
  };
  run(bench.loop, body(&bench.script));
  CHECK(bench.script.order == std::vector<int>{1});
  CHECK(bench.pool.circulating() == 1);
}

SCENARIO("a nonce that lay idle for five minutes is not used any more") {
  Bench bench;
  run(bench.loop, many(&bench.script, 1));
  bench.clock.advance(4min);
  run(bench.loop, many(&bench.script, 1));
  CHECK(bench.source.fetched == 1);
  bench.clock.advance(6min);
  run(bench.loop, many(&bench.script, 1));
  CHECK(bench.source.fetched == 2);
  CHECK(bench.pool.circulating() == 1);
}
