// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/heedful_authority.h"

#include <list>

#include "daemon/acme/answer.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using test::FakeCa;

/// Sixty certificates that are due at once.
struct Sixty : test::JourneyScene {
  renew::Ledger ledger{store, clock};
  issue::AcmeAuthority real{loop, store, settings};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::list<Keeper> keepers;

  Sixty() {
    for (int i = 0; i < 60; ++i) {
      const auto name = "c" + std::to_string(i);
      keepers.emplace_back(
          context, ledger, deployments,
          Wanted{{name, {name + ".example.test"}, crypto::KeyType::ecdsa_p256, &real, {}}, std::nullopt, {}});
    }
  }
  Time attempt_all(bool asked = false) {
    std::vector<Task<Time>> attempts;
    for (auto& keeper : keepers) attempts.push_back(keeper.attempt(asked));
    const auto next = acmed::run(loop, when_all(std::move(attempts)));
    return *std::ranges::min_element(next);
  }
};

FakeCa::Reply busy() {
  return FakeCa::Reply("503 Service Unavailable", "busy").with("Retry-After: 3600");
}

}  // namespace

SCENARIO("a CA that answers 503 gets three requests for sixty certificates, and none until its time") {
  Sixty scene;
  const auto resource = GENERATE(std::string("directory"), std::string("new-nonce"), std::string("new-order"));
  if (resource == "new-order") {
    REQUIRE(scene.run().empty());
    scene.ca.forget_seen();
  }
  scene.ca.be_odd(resource, [](const FakeCa::Seen&) { return busy(); });
  const auto next = scene.attempt_all();
  CHECK(scene.ca.count() <= 3);
  CHECK(next >= scene.clock.now() + 59min);
  CHECK_THAT(scene.keepers.back().troubles().front(), Contains("left alone until"));
  scene.ca.forget_seen();
  scene.attempt_all();
  CHECK(scene.ca.count() == 0);
  scene.clock.advance(next - scene.clock.now());
  scene.attempt_all();
  CHECK(scene.ca.count() <= 3);
}

SCENARIO("whoever asks for a certificate of a CA that wants to be left alone hears of it, and may force it") {
  Sixty scene;
  scene.ca.be_odd("directory", [](const FakeCa::Seen&) { return busy(); });
  scene.attempt_all();
  auto& keeper = scene.keepers.front();
  Wish wish;
  wish.asked = true;
  wish.renew = true;
  scene.ca.forget_seen();
  run(scene.loop, keeper.attempt(wish));
  const auto told = keeper.take_failures();
  REQUIRE(told.size() == 1);
  CHECK(told.front().what == "issue");
  CHECK(told.front().cause == "control:waits");
  CHECK_THAT(told.front().sentence, Contains("left alone until"));
  CHECK(scene.ca.count() == 1);
  CHECK(keeper.state() == State::failing);
  CHECK(scene.keepers.back().state() != State::valid);
  WHEN("it is forced") {
    wish.force = true;
    run(scene.loop, keeper.attempt(wish));
    const auto failures = keeper.take_failures();
    REQUIRE(failures.size() == 1);
    CHECK(failures.front().cause == acme::overloaded);
  }
}

SCENARIO("a CA that closes while journeys are under way is not asked by them any more") {
  test::JourneyScene scene;
  test::FakeAuthority fake(scene.settings, {});
  renew::Ledger ledger(scene.store, scene.clock);
  const HeedfulAuthority mine(fake, ledger, std::nullopt);
  HeedfulAuthority other(fake, ledger, std::nullopt);
  const auto until = scene.clock.now() + 1h;
  run(scene.loop, other.new_order({"a.example.test"}, "", {}));
  run(scene.loop, ledger.learn(scene.settings.directory_url,
                               std::make_exception_ptr(Throttled(acme::overloaded, "busy", until, Party::ca))));
  int calls = 0;
  fake.on_call = [&](const std::string&) { ++calls; };
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_AS(run(scene.loop, other.respond("a.example.test")), Throttled);
    CHECK_THROWS_AS(run(scene.loop, other.order_leaves_pending("order/1", 1min)), Throttled);
  }
  CHECK(calls == 0);
  WHEN("a person forces it") {
    HeedfulAuthority forced(fake, ledger, std::nullopt, true);
    run(scene.loop, forced.respond("a.example.test"));
    CHECK(calls == 1);
  }
  WHEN("a certificate ends soon") {
    scene.clock.advance(16min);
    HeedfulAuthority urgent(fake, ledger, scene.clock.now() + 30min);
    run(scene.loop, urgent.respond("a.example.test"));
    CHECK(calls == 1);
  }
  WHEN("its time has come") {
    scene.clock.advance(1h);
    run(scene.loop, other.respond("a.example.test"));
    CHECK(calls == 1);
  }
}

SCENARIO("what a CA says of one order is that order's, and what it says of itself is all others'") {
  test::JourneyScene scene;
  test::FakeAuthority fake(scene.settings, {});
  renew::Ledger ledger(scene.store, scene.clock);
  HeedfulAuthority ca(fake, ledger, std::nullopt);
  int calls = 0;
  const auto ask_twice = [&](const std::function<void()>& fail) {
    fake.on_call = [&, fail](const std::string&) {
      if (++calls == 1) fail();
    };
    std::vector<Task<acme::Order>> both;
    for (int i = 0; i < 2; ++i) both.push_back(ca.new_order({"a.example.test"}, "", {}));
    run(scene.loop, when_all(std::move(both)));
  };
  WHEN("it refuses a name") {
    CHECK_THROWS_AS(ask_twice([] { throw acme::AnswerError(acme::odd_answer, "what?", 400); }), acme::AnswerError);
    CHECK(ledger.asked_until(scene.settings.directory_url) == std::nullopt);
  }
  WHEN("it is overloaded") {
    const auto until = scene.clock.now() + 1h;
    CHECK_THROWS_AS(ask_twice([until] { throw Throttled(acme::overloaded, "busy", until, Party::ca); }), Throttled);
    CHECK(calls == 1);
    CHECK(ledger.asked_until(scene.settings.directory_url) == until);
  }
}

}  // namespace acmed::keep
