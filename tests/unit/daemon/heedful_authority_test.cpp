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

namespace {

/// A CA with Let's Encrypt's limits, and the journey of one certificate at it.
struct Limited : test::JourneyScene {
  renew::Ledger ledger{store, clock};
  test::FakeAuthority fake{at_letsencrypt(settings),
                           [](const std::string&) -> std::vector<crypto::Certificate> { return {}; }};

  static issue::AuthoritySettings at_letsencrypt(issue::AuthoritySettings settings) {
    settings.name = "le";
    settings.directory_url = "https://acme-v02.api.letsencrypt.org/directory";
    return settings;
  }
  std::string directory_url() const { return fake.settings().directory_url; }
  renew::CountedOrder counted() const { return counted_order(fake.settings(), {"www.example.com"}); }
  /// Empty when a certificate was ordered and issued, else "CAUSE SENTENCE".
  std::string issue(renew::CountedOrder order, bool forced = false) {
    try {
      HeedfulAuthority heedful(fake, ledger, std::nullopt, forced, std::move(order));
      auto made = acmed::run(loop, heedful.new_order({"www.example.com"}, "id", {}));
      acmed::run(loop, heedful.finalize(made, "csr"));
    } catch (const Error& error) {
      return error.cause() + " " + error.what();
    }
    return {};
  }
  unsigned failures_left() {
    return ledger.limits(directory_url()).failures_left(counted().account, "www.example.com", clock.now());
  }
};

}  // namespace

SCENARIO("an order that would break a limit is not made, unless a person forces it or it replaces another") {
  Limited scene;
  for (int i = 0; i < 5; ++i) CHECK(scene.issue(scene.counted()).empty());
  CHECK_THAT(scene.issue(scene.counted()), Contains("ca:limit Let's Encrypt allows 5 certificates for exactly these"));
  CHECK(scene.fake.orders == 5);
  auto replacing = scene.counted();
  replacing.replaces = true;
  CHECK(scene.issue(replacing).empty());
  CHECK(scene.issue(scene.counted(), true).empty());
  CHECK(scene.fake.orders == 7);
  AND_THEN("it is known after a restart") {
    renew::Ledger restarted(scene.store, scene.clock);
    run(scene.loop, restarted.load());
    CHECK(restarted.limits(scene.directory_url()).wait(scene.counted(), scene.clock.now()));
  }
}

SCENARIO("what an order uses of a limit is on disk before the CA hears of it") {
  Limited scene;
  std::vector<std::size_t> known;
  scene.fake.on_call = [&](const std::string& call) {
    if (call != "new_order" && call != "finalize") return;
    known.push_back(scene.on_disk("ledger.json").find(call == "new_order" ? "account " : "names "));
  };
  CHECK(scene.issue(scene.counted()).empty());
  CHECK(known.size() == 2);
  for (const auto place : known) CHECK(place != std::string::npos);
}

SCENARIO("orders that come to no certificate use up none, and what the CA refused to issue was not issued") {
  Limited scene;
  WHEN("the order ends without one") {
    for (int i = 0; i < 20; ++i) {
      HeedfulAuthority authority(scene.fake, scene.ledger, std::nullopt, false, scene.counted());
      run(scene.loop, authority.new_order({"www.example.com"}, "", {}));
    }
  }
  WHEN("the CA refuses to issue") {
    scene.fake.on_call = [](const std::string& call) {
      acme::Problem problem;
      problem.type = "caa";
      if (call == "finalize") throw acme::ProblemError("finalize the order", problem, std::nullopt);
    };
    for (int i = 0; i < 20; ++i) CHECK_THAT(scene.issue(scene.counted()), Contains("acme:caa"));
  }
  CHECK_FALSE(scene.ledger.limits(scene.directory_url()).wait(scene.counted(), scene.clock.now()));
}

SCENARIO("each failed authorization counts once, and the last one allowed is spared where nobody looks at the DNS") {
  Limited scene;
  scene.fake.failed = true;
  auto blind = scene.counted();
  blind.failures_spared = 2;
  for (unsigned left = 4;; --left) {
    HeedfulAuthority authority(scene.fake, scene.ledger, std::nullopt, false, blind);
    for (int i = 0; i < 3; ++i) run(scene.loop, authority.authorization("www.example.com"));
    CHECK(scene.failures_left() == left);
    if (left == 1) {
      CHECK_THROWS_WITH(run(scene.loop, authority.respond("www.example.com")),
                        Contains("one more failed validation of www.example.com") && Contains("`require`"));
      CHECK_THROWS_AS(run(scene.loop, authority.new_order({"www.example.com"}, "", {})), Throttled);
      break;
    }
  }
  HeedfulAuthority looking(scene.fake, scene.ledger, std::nullopt, false, scene.counted());
  run(scene.loop, looking.new_order({"www.example.com"}, "", {}));
  CHECK_NOTHROW(run(scene.loop, looking.respond("www.example.com")));
}

SCENARIO("requests keep to what the CA has published of requests a second") {
  Limited scene;
  const auto began = scene.clock.now();
  for (int i = 0; i < 125; ++i) run(scene.loop, scene.ledger.pace(scene.directory_url()));
  CHECK(scene.clock.now() == began);
  for (int i = 0; i < 250; ++i) run(scene.loop, scene.ledger.pace(scene.directory_url()));
  CHECK(scene.clock.now() >= began + 999ms);
  CHECK(scene.clock.now() <= began + 1100ms);
  for (int i = 0; i < 1000; ++i) run(scene.loop, scene.ledger.pace("https://other.test/"));
  CHECK(scene.clock.now() <= began + 1100ms);
}

SCENARIO("certificates that wait for room in a limit are told when, and are no failures") {
  Limited scene;
  deploy::LocalActions actions(scene.directory.folder.deployments());
  deploy::DeploymentCoordinator deployments(scene.loop, actions);
  for (int i = 0; i < 5; ++i) CHECK(scene.issue(scene.counted()).empty());
  const auto began = scene.clock.now();
  Keeper keeper(scene.context, scene.ledger, deployments,
                Wanted{{"web", {"www.example.com"}, crypto::KeyType::ecdsa_p256, &scene.fake, {}}, {}, {}});
  const auto next = run(scene.loop, keeper.attempt(false));
  CHECK(next == began + Duration(168h) / 5);
  CHECK(keeper.state() == State::waiting);
  CHECK(scene.fake.orders == 5);
  REQUIRE(keeper.troubles().size() == 1);
  CHECK_THAT(keeper.troubles().front(),
             Contains("Let's Encrypt allows 5 certificates for exactly these names in 7 days"));
  CHECK_THAT(keeper.view().next->because, Contains("the next is possible at"));
  WHEN("a person asks") {
    Wish wish;
    wish.asked = wish.renew = true;
    run(scene.loop, keeper.attempt(wish));
    const auto failures = keeper.take_failures();
    REQUIRE(failures.size() == 1);
    CHECK(failures.front().cause == "control:waits");
    CHECK_THAT(failures.front().sentence, Contains("the next is possible at"));
    CHECK(keeper.next(false) == next);
    CHECK(scene.fake.orders == 5);
    AND_WHEN("it is forced") {
      wish.force = true;
      run(scene.loop, keeper.attempt(wish));
      CHECK(scene.fake.orders == 6);
    }
  }
  WHEN("its time has come") {
    scene.clock.advance(next - scene.clock.now());
    run(scene.loop, keeper.attempt(false));
    CHECK(scene.fake.orders == 6);
  }
}

}  // namespace acmed::keep
