// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/first_of.h"

#include "base/error.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

namespace acmed {
namespace {

using namespace std::chrono_literals;

struct World {
  VirtualClock clock{Time{}};
  Time start = clock.now();
  Loop loop{clock};
  int begun = 0;

  Task<std::optional<int>> attempt(std::optional<int> result, Duration takes) {
    ++begun;
    if (takes > Duration::zero()) co_await sleep_for(takes);
    co_return result;
  }
  Task<std::optional<int>> fail() {
    co_await sleep_for(1s);
    throw Retry("test:failed", "failed");
  }
  std::optional<int> first(std::vector<Task<std::optional<int>>> attempts) {
    return run(loop, first_of(std::move(attempts), 250ms));
  }
  template <class... Attempts>
  static std::vector<Task<std::optional<int>>> all(Attempts... attempts) {
    std::vector<Task<std::optional<int>>> tasks;
    (tasks.push_back(std::move(attempts)), ...);
    return tasks;
  }
};

SCENARIO("the first of several attempts that brings something wins") {
  World world;
  WHEN("the first does at once, no other one starts") {
    CHECK(world.first(World::all(world.attempt(1, 0s), world.attempt(2, 0s))) == 1);
    CHECK(world.begun == 1);
  }
  WHEN("the first takes long, the next one starts beside it") {
    CHECK(world.first(World::all(world.attempt(1, 10s), world.attempt(2, 1s))) == 2);
    CHECK(world.clock.now() - world.start == 1250ms);
  }
  WHEN("the first brings nothing, the next one starts at once") {
    CHECK(world.first(World::all(world.attempt({}, 0s), world.attempt({}, 0s), world.attempt(3, 0s))) == 3);
    CHECK(world.clock.now() == world.start);
  }
  WHEN("the first is the last to bring something") {
    CHECK(world.first(World::all(world.attempt(1, 2s), world.attempt({}, 10s))) == 1);
    CHECK(world.clock.now() - world.start == 2s);
  }
  WHEN("none brings anything") {
    CHECK_FALSE(world.first(World::all(world.attempt({}, 1s), world.attempt({}, 1s))));
    CHECK(world.clock.now() - world.start == 1250ms);
  }
  WHEN("there is none") {
    CHECK_FALSE(world.first({}));
  }
  WHEN("one fails, that is thrown") {
    CHECK_THROWS_AS(world.first(World::all(world.fail(), world.attempt(2, 10s))), Retry);
    CHECK(world.clock.now() - world.start == 1s);
  }
  WHEN("the wait for it is cancelled") {
    CHECK_FALSE(run(world.loop, within(1s, first_of(World::all(world.attempt(1, 10s), world.attempt(2, 10s)), 250ms))));
  }
}

}  // namespace
}  // namespace acmed
