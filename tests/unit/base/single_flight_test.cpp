// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/single_flight.h"

#include <functional>
#include <string>
#include <vector>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

namespace acmed {
namespace {

using namespace std::chrono_literals;

struct World {
  VirtualClock clock{Time{}};
  Loop loop{clock};
  SingleFlight<int> flight;
  int begun = 0;
  bool fails = false;
  std::vector<std::string> events;

  Task<int> work() {
    const int number = ++begun;
    co_await sleep_for(1s);
    if (fails) throw Retry("test:failed", "failed");
    co_return number;
  }
  Task<> want(std::string name) {
    try {
      const int result = co_await flight.join(work());
      events.push_back(name + " has " + std::to_string(result));
    } catch (const Error& error) {
      events.push_back(name + ": " + error.what());
    }
  }
  Task<> want_until(std::string name, Duration limit) {
    co_await within(limit, want(name));
    events.push_back(name + " left");
  }
  void all(std::vector<Task<>> tasks) { run(loop, when_all(std::move(tasks))); }
};

std::vector<Task<>> tasks(Task<> first, Task<> second, Task<> third) {
  std::vector<Task<>> result;
  result.push_back(std::move(first));
  result.push_back(std::move(second));
  result.push_back(std::move(third));
  return result;
}

SCENARIO("what several want at the same time is done once") {
  World world;
  world.all(tasks(world.want("a"), world.want("b"), world.want("c")));
  CHECK(world.begun == 1);
  CHECK(world.events.size() == 3);
  for (const auto& event : world.events) CHECK_THAT(event, Catch::EndsWith(" has 1"));
  CHECK_FALSE(world.flight.is_under_way());
  AND_WHEN("one comes afterwards") {
    run(world.loop, world.want("d"));
    CHECK(world.events.back() == "d has 2");
  }
}

SCENARIO("a failure is shared, and the next try begins anew") {
  World world;
  world.fails = true;
  world.all(tasks(world.want("a"), world.want("b"), world.want("c")));
  CHECK(world.begun == 1);
  CHECK(world.events.size() == 3);
  for (const auto& event : world.events) CHECK_THAT(event, Catch::EndsWith(": failed"));
  world.fails = false;
  run(world.loop, world.want("d"));
  CHECK(world.events.back() == "d has 2");
}

SCENARIO("when who does the work is cancelled, one of the others does it") {
  World world;
  // The order in which they begin is not ours to know: each is the first once.
  for (const int leaving : {0, 1, 2}) {
    world.events.clear();
    world.begun = 0;
    std::vector<Task<>> all;
    for (const int each : {0, 1, 2}) {
      const auto name = std::to_string(each);
      all.push_back(each == leaving ? world.want_until(name, 500ms) : world.want(name));
    }
    world.all(std::move(all));
    CHECK(world.events.size() == 3);
    CHECK(world.events.front() == std::to_string(leaving) + " left");
    CHECK(world.begun <= 2);
    CHECK_FALSE(world.flight.is_under_way());
  }
}

}  // namespace
}  // namespace acmed
