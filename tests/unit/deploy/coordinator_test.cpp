// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/coordinator.h"

#include <chrono>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/deploy/fake_actions.h"
#include "tests/unit/deploy/pair_scene.h"

namespace acmed::deploy {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;
using Announcement = DeploymentCoordinator::Announcement;

struct World {
  World() { log::set_level(log::Level::error); }

  config::Target target(const std::string& hook) const {
    config::Target target;
    target.name = "web";
    target.post_hook = {hook};
    return target;
  }

  /// What the deployment of certificate `name` takes part in, `after` a while in which it is announced.
  Task<> deployment(std::string name, std::string hook, Duration after, Announcement announcement) {
    auto generation = generation_;
    generation.certificate = name;
    co_await sleep_for(after);
    Member member{subject_of(target(hook), generation), nullptr, {}};
    co_await coordinator.deploy(std::move(member), std::move(announcement));
    ended.push_back(fmt::format("{} {}", name, to_text(loop.clock().moment() - start)));
  }
  Task<> deployment(const std::string& name, const std::string& hook, Duration after) {
    return deployment(name, hook, after, coordinator.announce(target(hook)));
  }
  Task<> unannounced(const std::string& name, const std::string& hook, Duration after) {
    return deployment(name, hook, after, Announcement());
  }

  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  Loop loop{clock};
  Moment start = loop.clock().moment();
  FakeActions actions;
  DeploymentCoordinator coordinator{loop, actions};
  Strings ended;
  Generation generation_ = with_pair({{2, {}, {}}, "x", "/live/x"});
};

}  // namespace

SCENARIO("a hundred certificates with one hook cost one run of it") {
  World world;
  std::vector<Task<>> work;
  // They come over half a minute, as a CA issues them.
  for (int i = 0; i < 100; ++i) work.push_back(world.deployment(fmt::format("c{}", i), "hook", 300ms * i));
  run(world.loop, when_all(std::move(work)));
  CHECK(world.actions.calls.size() == 1);
  CHECK(world.ended.size() == 100);
  CHECK(world.loop.clock().moment() - world.start < 31s);
}

SCENARIO("a certificate that takes long holds up the others for some seconds only") {
  World world;
  std::vector<Task<>> work;
  work.push_back(world.deployment("slow", "hook", 10min));
  work.push_back(world.deployment("a", "hook", 1s));
  work.push_back(world.deployment("b", "hook", 3s));
  run(world.loop, when_all(std::move(work)));
  CHECK(world.actions.calls == Strings{"hook a b", "hook slow"});
  CHECK(world.ended == Strings{"a 23 s", "b 23 s", "slow 10 min"});
}

SCENARIO("however many keep coming, nobody waits for more than a minute") {
  World world;
  std::vector<Task<>> work;
  for (int i = 0; i < 50; ++i) work.push_back(world.deployment(fmt::format("c{}", i), "hook", 4s * i));
  run(world.loop, when_all(std::move(work)));
  CHECK(world.ended.front() == "c0 60 s");
  CHECK(world.actions.calls.size() <= 5);
}

SCENARIO("a hook never runs twice at the same time") {
  World world;
  world.actions.takes = 20s;
  std::vector<Task<>> work;
  for (int i = 0; i < 5; ++i) work.push_back(world.unannounced(fmt::format("c{}", i), "hook", 1s * i));
  run(world.loop, when_all(std::move(work)));
  THEN("those that come while it runs share the next run") {
    CHECK(world.actions.calls == Strings{"hook c0", "hook c1 c2 c3 c4"});
    CHECK(world.actions.most_at_a_time == 1);
  }
}

SCENARIO("services that have nothing in common do not wait for each other") {
  World world;
  world.actions.takes = 20s;
  std::vector<Task<>> work;
  work.push_back(world.deployment("a", "one", 1s));
  work.push_back(world.deployment("b", "other", 2s));
  run(world.loop, when_all(std::move(work)));
  CHECK(world.ended == Strings{"a 21 s", "b 22 s"});
}

SCENARIO("what a person announces of a start, when nothing is known yet, is waited for") {
  World world;
  auto any = std::make_unique<Announcement>(world.coordinator.announce_any());
  const auto end = [](World* of, std::unique_ptr<Announcement>* announcement) -> Task<> {
    co_await sleep_for(4s);
    announcement->reset();
    co_await of->unannounced("late", "hook", Duration::zero());
  };
  std::vector<Task<>> work;
  work.push_back(world.unannounced("a", "hook", 1s));
  work.push_back(end(&world, &any));
  run(world.loop, when_all(std::move(work)));
  CHECK(world.ended.front() == "a 4.0 s");
}

SCENARIO("a deployment that is called off while it waits keeps nobody waiting") {
  World world;
  const auto call_off = [](World* of) -> Task<> {
    const bool ended = co_await within(2s, of->deployment("gone", "hook", Duration::zero()));
    of->ended.emplace_back(ended ? "not called off" : "called off");
  };
  std::vector<Task<>> work;
  work.push_back(call_off(&world));
  work.push_back(world.deployment("a", "hook", 1s));
  work.push_back(world.deployment("b", "hook", 4s));
  run(world.loop, when_all(std::move(work)));
  CHECK(world.actions.calls == Strings{"hook a b"});
  CHECK(world.ended == Strings{"called off", "a 4.0 s", "b 4.0 s"});
}

SCENARIO("before another configuration takes over, a hook that runs comes to its end and no other begins") {
  World world;
  world.actions.takes = 20s;
  Scope* scope = nullptr;
  const auto later = [](World* of, Scope** all) -> Task<> {
    co_await sleep_for(5s);
    co_await of->coordinator.finish();
    of->ended.push_back(fmt::format("finished {}", to_text(of->loop.clock().moment() - of->start)));
    co_await sleep_for(5s);  // none begins meanwhile either
    (*all)->stop();
  };
  const auto all = [](World* of, Scope** here, Task<> last) -> Task<> {
    Scope inner(co_await context());
    *here = &inner;
    inner.spawn(of->unannounced("a", "hook", 1s));
    inner.spawn(of->unannounced("b", "hook", 2s));
    inner.spawn(std::move(last));
    try {
      co_await inner.join();
    } catch (const Cancelled&) {
      of->ended.emplace_back("the rest called off");
    }
  };
  run(world.loop, all(&world, &scope, later(&world, &scope)));
  CHECK(world.actions.calls == Strings{"hook a"});
  CHECK(world.ended.back() == "the rest called off");
  CHECK(std::ranges::count(world.ended, "finished 21 s") == 1);
}

SCENARIO("who watches a target hears once of the next success of a neighbour, and of nobody else's") {
  World world;
  int told = 0;
  auto watch = world.coordinator.watch(world.target("hook"), [&told] { ++told; });
  const auto other = world.coordinator.watch(world.target("other"), [] { FAIL("nothing is shared with it"); });
  world.actions.fails = [](const std::string& call) { return call == "hook bad"; };
  CHECK_THROWS_AS(run(world.loop, world.unannounced("bad", "hook", 1s)), NotTaken);
  CHECK(told == 0);
  run(world.loop, world.unannounced("a", "hook", 1s));
  CHECK(told == 1);
  run(world.loop, world.unannounced("b", "hook", 1s));
  CHECK(told == 1);
  WHEN("it watches no more") {
    watch = world.coordinator.watch(world.target("hook"), [&told] { ++told; });
    watch.reset();
    run(world.loop, world.unannounced("c", "hook", 1s));
    CHECK(told == 1);
  }
}

}  // namespace acmed::deploy
