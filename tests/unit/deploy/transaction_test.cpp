// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/deploy/fake_actions.h"
#include "tests/unit/deploy/pair_scene.h"

namespace acmed::deploy {
namespace {

using Catch::Contains;
using Left = NotTaken::Left;
using Strings = std::vector<std::string>;

Generation generation_of(const std::string& certificate, unsigned number) {
  Generation generation;
  generation.number = number;
  generation.certificate = certificate;
  generation.meta.domains = {certificate + ".example"};
  generation.meta.serial = fmt::format("0{}", number);
  return with_pair(generation);
}

/// Certificates with copies and a former generation, on their way to one service.
struct World {
  World() { log::set_level(log::Level::error); }

  config::Target target() const {
    config::Target target;
    target.name = "web";
    target.directory = "/tls";
    target.files = {{config::FileKind::combined, "web.pem"}};
    target.test = test;
    target.reload = units;
    target.post_hook = hook;
    target.verify = verify;
    return target;
  }

  std::vector<Outcome> deploy(const Strings& certificates) {
    std::vector<Member> members;
    for (const auto& certificate : certificates) {
      members.push_back({subject_of(target(), generation_of(certificate, 2)),
                         subject_of(target(), generation_of(certificate, 1)),
                         {}});
    }
    Loop loop;
    return run(loop, acmed::deploy::deploy(actions, std::move(members)));
  }

  FakeActions actions;
  Strings test = {"nginx", "-t"};
  Strings units = {"nginx.service"};
  Strings hook = {"purge"};
  std::optional<config::Verify> verify{};
};

std::ptrdiff_t taken(const std::vector<Outcome>& outcomes) {
  return std::ranges::count_if(outcomes, [](const Outcome& outcome) { return !outcome; });
}

}  // namespace

SCENARIO("certificates of one service are tested together, and it is told once of all of them") {
  World world;
  world.verify.emplace();
  const auto outcomes = world.deploy({"a", "b", "c"});
  CHECK(taken(outcomes) == 3);
  CHECK(world.actions.calls ==
        Strings{"test a b c", "nginx.service", "hook a b c", "verify a", "verify b", "verify c"});
}

SCENARIO("a unit that one target reloads and another restarts is restarted, once") {
  World world;
  std::vector<Member> members;
  members.push_back({subject_of(world.target(), generation_of("a", 2)), nullptr, {}});
  auto target = world.target();
  target.restart = std::exchange(target.reload, {});
  members.push_back({subject_of(target, generation_of("b", 2)), nullptr, {}});
  Loop loop;
  CHECK(taken(run(loop, acmed::deploy::deploy(world.actions, std::move(members)))) == 2);
  CHECK(world.actions.calls == Strings{"test a b", "restart nginx.service", "hook a b"});
}

SCENARIO("two targets whose files only work together, on a host that has none yet") {
  World world;
  world.actions.had_none = {"a", "b"};
  world.actions.fails = [&](const std::string& call) {
    return call.starts_with("test") && world.actions.new_pairs.size() < 2;
  };
  CHECK(taken(world.deploy({"a", "b"})) == 2);
  CHECK(world.actions.count("test") == 1);
}

SCENARIO("a certificate that a service does not take keeps no other from it") {
  World world;
  const auto is_bad_one_there = [&](const std::string& call) {
    return call.starts_with("test") && world.actions.new_pairs.contains("bad");
  };
  GIVEN("a test that fails while its files are there") {
    world.actions.fails = is_bad_one_there;
    const auto outcomes = world.deploy({"a", "bad", "c"});
    THEN("the others are deployed, and it has its former files") {
      CHECK_FALSE(outcomes[0]);
      REQUIRE(outcomes[1]);
      CHECK_FALSE(outcomes[2]);
      CHECK(outcomes[1]->left() == Left::rolled_back);
      CHECK(std::string(outcomes[1]->what()) == "target web: test bad failed; the former files are back");
      CHECK(world.actions.new_pairs == std::set<std::string>{"a", "c"});
      CHECK(world.actions.calls == Strings{"test a bad c", "test a", "nginx.service", "hook a", "test bad", "test c",
                                           "nginx.service", "hook c"});
    }
  }
  GIVEN("a service that shows the former certificate for its name") {
    world.verify.emplace();
    world.actions.fails = [](const std::string& call) { return call == "verify bad"; };
    const auto outcomes = world.deploy({"a", "bad"});
    THEN("it is rolled back alone, and the service reads its former files") {
      CHECK_FALSE(outcomes[0]);
      REQUIRE(outcomes[1]);
      CHECK(outcomes[1]->left() == Left::rolled_back);
      CHECK(world.actions.calls == Strings{"test a bad", "nginx.service", "hook a bad", "verify a", "verify bad",
                                           "nginx.service", "rollback bad"});
    }
  }
}

SCENARIO("a step that is broken for all is not tried for each of a hundred") {
  World world;
  world.actions.fails = [](const std::string& call) { return call.starts_with("hook"); };
  Strings certificates;
  for (int i = 0; i < 100; ++i) certificates.push_back(fmt::format("c{}", i));
  const auto outcomes = world.deploy(certificates);
  CHECK(taken(outcomes) == 0);
  CHECK(world.actions.count("hook") == 4);
  CHECK(world.actions.count("rollback") == 4);
  CHECK(world.actions.new_pairs.empty());
}

SCENARIO("what fails after a service has learned of the new pair is undone where it has learned of it") {
  World world;
  GIVEN("a unit that does not reload") {
    world.actions.fails = [](const std::string& call) { return call == "nginx.service"; };
    const auto outcomes = world.deploy({"a"});
    THEN("the former files are back before it is told again, and the hook never ran") {
      REQUIRE(outcomes[0]);
      CHECK(outcomes[0]->left() == Left::rolled_back);
      CHECK(world.actions.calls == Strings{"test a", "nginx.service", "nginx.service"});
      CHECK(world.actions.new_pairs.empty());
    }
  }
  GIVEN("a test that fails") {
    world.actions.fails = [](const std::string& call) { return call.starts_with("test"); };
    world.deploy({"a"});
    THEN("nobody is told of anything") {
      CHECK(world.actions.calls == Strings{"test a"});
    }
  }
  GIVEN("files that were the first") {
    world.actions.had_none = {"a"};
    world.actions.fails = [](const std::string& call) { return call == "nginx.service"; };
    const auto outcomes = world.deploy({"a"});
    THEN("they stay") {
      REQUIRE(outcomes[0]);
      CHECK(outcomes[0]->left() == Left::with_new_pair);
      CHECK_THAT(outcomes[0]->what(), Contains("; there were none before"));
      CHECK(world.actions.calls == Strings{"test a", "nginx.service"});
    }
  }
}

SCENARIO("a key that is not its certificate's goes nowhere") {
  World world;
  auto generation = generation_of("a", 2);
  std::string why;
  WHEN("the key is another one") {
    generation.files.private_key = generation_of("a", 1).files.private_key;
    why = "its key is not that of its certificate";
  }
  WHEN("the names are others") {
    generation.meta.domains = {"other.example"};
    why = "its certificate is for other names";
  }
  WHEN("the chain is another one's") {
    generation.files.certificate = generation_of("a", 1).files.certificate;
    why = "its chain does not begin with its certificate";
  }
  WHEN("it is no certificate") {
    generation.files.full_chain = "nothing";
    why = "is not deployed";
  }
  Loop loop;
  std::vector<Member> members;
  members.push_back({subject_of(world.target(), generation), nullptr, {}});
  const auto outcomes = run(loop, acmed::deploy::deploy(world.actions, std::move(members)));
  REQUIRE(outcomes[0]);
  CHECK(outcomes[0]->advice() == Error::Advice::refused);
  CHECK(outcomes[0]->cause() == "deploy:pair");
  CHECK(outcomes[0]->left() == Left::as_it_was);
  CHECK_THAT(outcomes[0]->what(), Contains(why));
  CHECK(world.actions.new_pairs.empty());
  CHECK(world.actions.calls.empty());
}

}  // namespace acmed::deploy
