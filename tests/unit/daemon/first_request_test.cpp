// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/first_request.h"

#include "base/error.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

namespace acmed::renew {
namespace {

using namespace std::chrono_literals;

struct World {
  VirtualClock clock{Time{}};
  Loop loop{clock};
  FirstRequest first{clock};
  int requests = 0;
  int failures = 0;
  bool is_away = false;

  /// A request that takes a second.
  Task<> ask() {
    try {
      auto asking = co_await first.turn();
      ++requests;
      co_await sleep_for(1s);
      if (!is_away) {
        asking.answered();
        co_return;
      }
      const Retry away("curl:7", "nobody answers");
      asking.failed(std::make_exception_ptr(away));
      throw away;
    } catch (const Error&) {
      ++failures;
    }
  }

  Task<> ask_briefly() { co_await within(500ms, ask()); }
  Task<> ask_later() {
    co_await sleep_for(100ms);
    co_await ask();
  }

  void ask_together(int count) {
    std::vector<Task<>> all;
    for (int i = 0; i < count; ++i) all.push_back(ask());
    run(loop, when_all(std::move(all)));
  }
};

}  // namespace

SCENARIO("a CA that is away gets one request, and all hear of it as soon as the first") {
  World world;
  world.is_away = true;
  world.ask_together(60);
  CHECK(world.requests == 1);
  CHECK(world.failures == 60);
  CHECK(world.clock.moment() == Moment(1s));
  WHEN("it is back") {
    world.is_away = false;
    world.ask_together(60);
    CHECK(world.requests == 61);
  }
}

SCENARIO("a CA that answers is asked side by side, after the first or at once") {
  World world;
  world.ask_together(60);
  CHECK(world.requests == 60);
  CHECK(world.clock.moment() == Moment(2s));
  world.ask_together(60);
  CHECK(world.clock.moment() == Moment(3s));
}

SCENARIO("when the first is cancelled, another one is the first") {
  World world;
  std::vector<Task<>> all;
  all.push_back(world.ask_briefly());
  all.push_back(world.ask_later());
  run(world.loop, when_all(std::move(all)));
  CHECK(world.requests == 2);
  CHECK(world.clock.moment() == Moment(1500ms));
}

}  // namespace acmed::renew
