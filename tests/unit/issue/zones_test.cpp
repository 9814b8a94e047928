// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/zones.h"

#include <algorithm>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"

namespace acmed::issue {
namespace {

using providers::Action;
using providers::TxtChange;
using providers::Zone;
using std::chrono::milliseconds;
using std::chrono::seconds;

const dns::Name challenge("_acme-challenge.a.test");

/// A provider that keeps its values in memory and refuses names that it was told to.
class MemoryProvider final : public providers::Provider {
 public:
  Task<std::optional<Zone>> zone_of(dns::Name name) override { co_return Zone{name.parent(), ""}; }

  Task<> apply(Zone, std::vector<TxtChange> changes) override {
    co_await sleep_for(milliseconds(10));
    ++calls;
    for (const auto& change : changes) {
      if (change.value == refused) throw Refused("dns:REFUSED", "not this one");
    }
    if (fails) throw Retry("dns:timeout", "no answer");
    std::map<dns::Name, Error> failures;
    if (values.size() + changes.size() > most_values && changes.front().action == Action::add) {
      for (const auto& change : changes) failures.emplace(change.name, Retry("dns:SERVFAIL", "too many values"));
      throw providers::SomeFailed(std::move(failures));
    }
    for (const auto& change : changes) {
      if (change.name == fails_at) failures.emplace(change.name, Retry("dns:SERVFAIL", "not there"));
    }
    std::erase_if(changes, [this](const TxtChange& change) { return change.name == fails_at; });
    for (const auto& change : changes) {
      if (change.action == Action::add) values.insert(change.value);
      if (change.action == Action::remove) values.erase(change.value);
    }
    most = std::max(most, values.size());
    if (!failures.empty()) throw providers::SomeFailed(std::move(failures));
  }

  std::size_t values_at_a_time() const override { return room; }
  std::size_t changes_as_a_whole() const override { return whole; }

  std::size_t whole = 1;
  std::size_t room = providers::any_number;
  std::size_t most_values = providers::any_number;  ///< more fail
  std::size_t most = 0;                             ///< values at a time, so far
  int calls = 0;
  bool fails = false;
  std::string refused = "(none)";
  dns::Name fails_at;
  std::set<std::string> values;
};

struct World {
  VirtualClock clock{Time{}};
  Loop loop{clock};
  MemoryProvider* provider = nullptr;
  ZoneCoordinator zones;

  World()
      : zones(loop, [this] {
          Providers providers;
          auto memory = std::make_unique<MemoryProvider>();
          provider = memory.get();
          providers.emplace("bind", std::move(memory));
          return providers;
        }()) {}

  std::vector<ZoneValue> value(const std::string& text) {
    return {{"bind", {dns::Name("a.test"), ""}, challenge, text}};
  }
  std::vector<ZoneValue> value_at(const dns::Name& name, const std::string& text) {
    return {{"bind", {dns::Name("a.test"), ""}, name, text}};
  }
};

Task<> publish_after(World* world, Duration ordering, std::string value) {
  auto announcement = world->zones.announce({"bind"});
  co_await sleep_for(ordering);
  co_await world->zones.publish(value, world->value(value), std::move(announcement));
}

Task<> whole_life(World* world, Duration ordering, std::string value) {
  co_await publish_after(world, ordering, value);
  co_await world->zones.withdraw(value, world->value(value));
}

std::vector<Task<>> many(World* world, int count) {
  std::vector<Task<>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(whole_life(world, milliseconds(3 * i), "v" + std::to_string(i)));
  return tasks;
}

SCENARIO("what many journeys want in one zone becomes one call to add and one to remove") {
  World world;
  run(world.loop, when_all(many(&world, 100)));
  CHECK(world.provider->calls == 2);
  CHECK(world.provider->values.empty());
}

Task<> publish_at(World* world, dns::Name name, ZoneCoordinator::PublishedBy* published) {
  const auto user = name.text();
  *published = co_await world->zones.publish(user, world->value_at(name, "v"), world->zones.announce({"bind"}));
}

SCENARIO("who shares a call that name servers take as a whole knows it") {
  World world;
  const dns::Name one("_acme-challenge.one.a.test");
  const dns::Name two("_acme-challenge.two.a.test");
  ZoneCoordinator::PublishedBy first;
  ZoneCoordinator::PublishedBy second;
  const auto publish_both = [&] {
    std::vector<Task<>> tasks;
    tasks.push_back(publish_at(&world, one, &first));
    tasks.push_back(publish_at(&world, two, &second));
    run(world.loop, when_all(std::move(tasks)));
  };
  WHEN("it holds both") {
    world.provider->whole = 2;
    publish_both();
    CHECK(world.provider->calls == 1);
    CHECK(first.at(one) != nullptr);
    CHECK(first.at(one) == second.at(two));
    ZoneCoordinator::PublishedBy later;
    run(world.loop, publish_at(&world, two, &later));
    CHECK(later.at(two) != nullptr);
    CHECK(later.at(two) != second.at(two));
  }
  WHEN("there are more changes than the servers take as a whole") {
    publish_both();
    CHECK(world.provider->calls == 1);
    CHECK(first.at(one) == nullptr);
    CHECK(second.at(two) == nullptr);
  }
}

SCENARIO("a journey on its own waits for nobody") {
  World world;
  const auto before = world.clock.moment();
  run(world.loop, whole_life(&world, {}, "v"));
  CHECK(world.provider->calls == 2);
  CHECK(world.clock.moment() - before == milliseconds(20));
}

Task<> one_slow_one_fast(World* world, Duration* fast_took) {
  Scope scope(co_await context());
  scope.spawn(publish_after(world, std::chrono::minutes(10), "slow"));
  co_await publish_after(world, {}, "fast");
  *fast_took = world->clock.moment().time_since_epoch();
  co_await scope.join();
}

SCENARIO("a journey whose CA is slow holds the others up for a second only") {
  World world;
  Duration fast_took{};
  run(world.loop, one_slow_one_fast(&world, &fast_took));
  CHECK(fast_took >= seconds(1));
  CHECK(fast_took < milliseconds(1100));
}

Task<> two_users(World* world) {
  co_await world->zones.publish("first", world->value("v"), world->zones.announce({"bind"}));
  co_await world->zones.publish("second", world->value("v"), world->zones.announce({"bind"}));
  co_await world->zones.withdraw("first", world->value("v"));
  CHECK(world->provider->values.contains("v"));
  co_await world->zones.withdraw("second", world->value("v"));
  CHECK(world->provider->values.empty());
}

SCENARIO("a value that two journeys use is removed by the last of them") {
  World world;
  run(world.loop, two_users(&world));
}

Task<> removed_and_wanted_again(World* world) {
  co_await world->zones.publish("first", world->value("v"), world->zones.announce({"bind"}));
  co_await world->zones.publish("other", world->value("w"), world->zones.announce({"bind"}));
  Scope removal(co_await context());
  removal.spawn(world->zones.withdraw("first", world->value("v")));  // gathers, since "other" still uses the zone
  co_await sleep_for(milliseconds(100));
  co_await world->zones.publish("second", world->value("v"), world->zones.announce({"bind"}));
  co_await removal.join();
  CHECK(world->provider->values == std::set<std::string>{"v", "w"});
}

SCENARIO("a value that found a new user while its removal waited is not removed") {
  World world;
  run(world.loop, removed_and_wanted_again(&world));
}

Task<> outcome(Task<> task, std::string* cause) {
  try {
    co_await std::move(task);
    *cause = "done";
  } catch (const Error& error) {
    *cause = error.cause();
  }
}

SCENARIO("one journey's forbidden name is its own trouble") {
  World world;
  world.provider->refused = "bad";
  std::string good;
  std::string bad;
  std::vector<Task<>> both;
  both.push_back(outcome(publish_after(&world, {}, "good"), &good));
  both.push_back(outcome(publish_after(&world, {}, "bad"), &bad));
  run(world.loop, when_all(std::move(both)));
  CHECK(good == "done");
  CHECK(bad == "dns:REFUSED");
  CHECK(world.provider->values == std::set<std::string>{"good"});
}

Task<> publish_at(World* world, dns::Name name, std::string value) {
  co_await world->zones.publish(value, world->value_at(name, value), world->zones.announce({"bind"}));
}

SCENARIO("those who share a call with a name that fails are told apart, without another call") {
  World world;
  world.provider->fails_at = dns::Name("_acme-challenge.bad.a.test");
  std::string good;
  std::string bad;
  std::vector<Task<>> both;
  both.push_back(outcome(publish_at(&world, challenge, "good"), &good));
  both.push_back(outcome(publish_at(&world, world.provider->fails_at, "bad"), &bad));
  run(world.loop, when_all(std::move(both)));
  CHECK(good == "done");
  CHECK(bad == "dns:SERVFAIL");
  CHECK(world.provider->values == std::set<std::string>{"good"});
  CHECK(world.provider->calls == 1);
}

SCENARIO("of journeys whose values do not fit at one name together, those that fit are not held back by the others") {
  World world;
  world.provider->most_values = 2;
  std::vector<std::string> outcomes(3);
  std::vector<Task<>> all;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    all.push_back(outcome(publish_after(&world, {}, "v" + std::to_string(i)), &outcomes[i]));
  }
  run(world.loop, when_all(std::move(all)));
  CHECK(std::ranges::count(outcomes, "done") == 2);
  CHECK(std::ranges::count(outcomes, "dns:SERVFAIL") == 1);
  CHECK(world.provider->values.size() == 2);
}

SCENARIO("what fails in several zones is told of each") {
  World world;
  world.provider->refused = "bad";
  auto values = world.value("bad");
  values.push_back({"bind", {dns::Name("b.test"), ""}, dns::Name("_acme-challenge.b.test"), "bad"});
  try {
    run(world.loop, world.zones.publish("user", values, world.zones.announce({"bind"})));
    FAIL("nothing was thrown");
  } catch (const providers::SomeFailed& error) {
    CHECK(error.failures().size() == 2);
    CHECK(error.advice() == Error::Advice::refused);
  }
}

SCENARIO("when the provider does not answer, all hear of it and may come again") {
  World world;
  world.provider->fails = true;
  std::string cause;
  run(world.loop, outcome(publish_after(&world, {}, "v"), &cause));
  CHECK(cause == "dns:timeout");
  world.provider->fails = false;
  run(world.loop, outcome(publish_after(&world, {}, "v"), &cause));
  CHECK(cause == "done");
}

Task<> cancel_leader(World* world, std::string* follower) {
  const auto here = co_await context();
  Scope leader(here);
  leader.spawn(publish_after(world, {}, "leader"));
  Scope others(here);
  others.spawn(outcome(publish_after(world, milliseconds(1), "follower"), follower));
  co_await sleep_for(milliseconds(5));  // the leader's call is under way, the follower waits
  leader.stop();
  try {
    co_await leader.join();
  } catch (const Cancelled&) {
    *follower += "";
  }
  co_await others.join();
}

SCENARIO("when the journey that leads is called off, the next one takes over") {
  World world;
  std::string follower;
  run(world.loop, cancel_leader(&world, &follower));
  CHECK(follower == "done");
  CHECK(world.provider->values.contains("follower"));
}

/// A journey that needs `count` values at the name for a while.
Task<> stay(World* world, std::string user, int count) {
  std::vector<ZoneValue> values;
  for (int i = 0; i < count; ++i) values.push_back(world->value(user + std::to_string(i)).front());
  co_await world->zones.publish(user, values, world->zones.announce({"bind"}));
  co_await sleep_for(seconds(1));
  co_await world->zones.withdraw(user, values);
}

SCENARIO("where a name has room for two values, journeys wait until all of theirs fit") {
  World world;
  world.provider->room = 2;
  std::vector<Task<>> journeys;
  for (int i = 0; i < 8; ++i) journeys.push_back(stay(&world, "j" + std::to_string(i) + "-", 1 + i % 2));
  run(world.loop, when_all(std::move(journeys)));
  CHECK(world.provider->most == 2);
  CHECK(world.provider->values.empty());
  // Four of two values, one after another, and two pairs of one: none waits longer than it must.
  CHECK(world.clock.moment().time_since_epoch() < seconds(7));
}

Task<> share(World* world) {
  co_await world->zones.publish("first", world->value("v"), world->zones.announce({"bind"}));
  co_await world->zones.publish("second", world->value("v"), world->zones.announce({"bind"}));
}

SCENARIO("two users of the same value need room for one") {
  World world;
  world.provider->room = 1;
  run(world.loop, share(&world));
  CHECK(world.provider->values == std::set<std::string>{"v"});
}

SCENARIO("what another writer undid is asserted without waiting for anybody") {
  World world;
  run(world.loop, publish_after(&world, {}, "v"));
  world.provider->values.clear();
  const auto others = world.zones.announce({"bind"});
  const auto before = world.clock.moment();
  run(world.loop, world.zones.assert_again(world.value("v")));
  CHECK(world.provider->values == std::set<std::string>{"v"});
  CHECK(world.clock.moment() - before == milliseconds(10));
}

}  // namespace
}  // namespace acmed::issue
