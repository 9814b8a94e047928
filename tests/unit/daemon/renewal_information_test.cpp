// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/renewal_information.h"

#include "daemon/deploy/local_actions.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;

/// A certificate "web" of 90 days at a CA that suggests when to renew.
struct Suggesting : test::JourneyScene {
  bool has_authority_key = true;  ///< the certificates can be asked about
  std::optional<config::LifeLeft> renew;
  renew::Ledger ledger{store, clock};
  test::FakeAuthority fake{settings, [this](const std::string& csr) { return issued(csr); }};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::unique_ptr<Keeper> keeper;
  std::vector<Time> orders;  ///< when they were made
  Time began = clock.now();

  Suggesting() {
    fake.proved = true;
    fake.on_call = [this](const std::string& call) {
      if (call == "new_order") {
        orders.push_back(clock.now());
        if (orders.size() > 1 && !is_stubborn) fake.suggestion.reset();
      }
      if (call == "renewal_info" && is_silent) throw Retry("http:timeout", "no answer");
    };
    restart();
  }
  void restart() {
    keeper = std::make_unique<Keeper>(
        context, ledger, deployments,
        Wanted{{"web", {"a.example.test"}, crypto::KeyType::ecdsa_p256, &fake, {}}, renew, {}});
  }
  std::vector<crypto::Certificate> issued(const std::string& csr) const {
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(clock.now());
    test::CertificateFacts facts;
    facts.not_before = now;
    facts.not_after = now + 90 * 24h;
    facts.serial = std::to_string(10 + fake.orders);
    if (has_authority_key) facts.key_identifier_of_issuer = "0123456789";
    return crypto::parse_chain(leaf({0, {"a.example.test"}, csr}, facts) + issuer.intermediate_pem());
  }
  void suggest(Duration start, Duration end) {
    fake.suggestion = acme::RenewalInfo{began + start, began + end, "", clock.now() + 6h};
  }
  Time attempt() { return acmed::run(loop, keeper->attempt(false)); }
  /// As the service does it: calls the keeper whenever it wants to be called.
  void live_until(Duration end) {
    for (auto next = std::max(keeper->next(false), clock.now()); next <= began + end;) {
      clock.advance(std::max<Duration>(next - clock.now(), Duration::zero()));
      if (fake.suggestion) fake.suggestion->ask_again = clock.now() + 6h;
      next = std::max<Time>(attempt(), clock.now() + 1s);
    }
    clock.advance(std::max<Duration>(began + end - clock.now(), Duration::zero()));
  }
  Duration age_of_order(std::size_t which) const { return orders.at(which) - began; }

  bool is_silent = false;
  bool is_stubborn = false;  ///< suggests the same of the next certificate
};

}  // namespace

SCENARIO("a certificate is renewed within the window that its CA suggests, in the place of the one before") {
  Suggesting scene;
  scene.suggest(10 * 24h, 11 * 24h);
  scene.live_until(1h);
  REQUIRE(scene.orders.size() == 1);
  const auto id = scene.fake.asked_about.at(0);
  CHECK(!id.empty());
  CHECK(scene.fake.replaces == std::vector<std::string>{""});
  scene.live_until(11 * 24h);
  REQUIRE(scene.orders.size() == 2);
  CHECK(scene.age_of_order(1) >= 10 * 24h);
  CHECK(scene.fake.replaces.at(1) == id);
  CHECK(scene.fake.asked_about.back() != id);
  CHECK(scene.keeper->troubles().empty());
}

SCENARIO("the time in a window is chosen once, and anew when the window is another one") {
  Suggesting scene;
  scene.suggest(10 * 24h, 40 * 24h);
  scene.live_until(1h);
  const auto chosen = scene.state().renewal->renew_at;
  CHECK(chosen >= scene.began + 10 * 24h);
  CHECK(chosen < scene.began + 40 * 24h);
  scene.restart();
  scene.live_until(4 * 24h);
  CHECK(scene.fake.asked_about.size() > 12);
  CHECK(scene.state().renewal->renew_at == chosen);
  WHEN("there is a fraction of a second in it, which is not stored") {
    scene.suggest(10 * 24h + 500ms, 40 * 24h + 500ms);
    scene.live_until(5 * 24h);
    CHECK(scene.state().renewal->renew_at == chosen);
  }
  WHEN("it is another one") {
    scene.suggest(6 * 24h, 7 * 24h);
    scene.live_until(7 * 24h);
    CHECK(scene.orders.size() == 2);
  }
}

SCENARIO("the window that the CA suggests is told, until another certificate is in service") {
  Suggesting scene;
  scene.live_until(1h);
  CHECK(!scene.keeper->view().suggested_window);
  scene.suggest(10 * 24h, 11 * 24h);
  scene.fake.suggestion->explanation_url = "https://ca.test/why";
  scene.live_until(26h);
  const auto window = scene.keeper->view().suggested_window;
  REQUIRE(window);
  CHECK(window->start == scene.began + 10 * 24h);
  CHECK(window->end == scene.began + 11 * 24h);
  CHECK(window->explanation_url == "https://ca.test/why");
  scene.live_until(12 * 24h);
  REQUIRE(scene.orders.size() == 2);
  CHECK(!scene.keeper->view().suggested_window);
}

SCENARIO("certificates are spread over the window") {
  std::set<Time> chosen;
  for (int i = 0; i < 8; ++i) {
    Suggesting scene;
    scene.suggest(10 * 24h, 40 * 24h);
    scene.live_until(1h);
    chosen.insert(scene.state().renewal->renew_at);
  }
  CHECK(chosen.size() == 8);
}

SCENARIO("a window as wide as a calendar is a window like any other") {
  std::set<Time> chosen;
  for (int i = 0; i < 4; ++i) {
    Suggesting scene;
    scene.fake.suggestion =
        acme::RenewalInfo{parse_rfc3339("0001-01-01T00:00:00Z").value(), parse_rfc3339("9999-12-31T00:00:00Z").value(),
                          "", scene.clock.now() + 6h};
    scene.live_until(1h);
    CHECK(scene.keeper->troubles().empty());
    chosen.insert(scene.state().renewal->renew_at);
  }
  CHECK(chosen.size() == 4);
}

SCENARIO("a window in the past renews soon; a CA that never suggests anything else does not get order after order") {
  Suggesting scene;
  scene.suggest(30 * 24h, 31 * 24h);
  scene.live_until(2 * 24h);
  REQUIRE(scene.orders.size() == 1);
  scene.is_stubborn = true;
  scene.suggest(-2h, -1h);
  scene.live_until(2 * 24h + 7h);
  CHECK(scene.orders.size() == 2);
  scene.live_until(7 * 24h + 7h);
  CHECK(scene.orders.size() > 2);
  CHECK(scene.orders.size() <= 12);
}

SCENARIO("no suggestion delays a renewal until the end") {
  Suggesting scene;
  scene.suggest(400 * 24h, 401 * 24h);
  scene.live_until(90 * 24h);
  REQUIRE(scene.orders.size() == 2);
  CHECK(scene.age_of_order(1) > 80 * 24h);
  CHECK(scene.age_of_order(1) < 86 * 24h);
}

SCENARIO("an operator who says how much is to be left is obeyed, unless the CA wants the renewal sooner") {
  Suggesting scene;
  scene.renew = config::LifeLeft(Duration(40 * 24h));
  scene.restart();
  WHEN("the CA suggests a later time") {
    scene.suggest(70 * 24h, 71 * 24h);
    scene.live_until(52 * 24h);
    REQUIRE(scene.orders.size() == 2);
  }
  WHEN("the CA suggests an earlier time") {
    scene.suggest(20 * 24h, 21 * 24h);
    scene.live_until(21 * 24h);
    REQUIRE(scene.orders.size() == 2);
  }
}

SCENARIO("a CA that does not say when to renew is no trouble, and delays nothing") {
  Suggesting scene;
  WHEN("it makes no suggestions") {}
  WHEN("it does not answer") {
    scene.is_silent = true;
  }
  scene.live_until(30 * 24h);
  CHECK(scene.keeper->troubles().empty());
  const auto asked = scene.fake.asked_about.size();
  CHECK(asked <= 31);
  scene.live_until(61 * 24h);
  CHECK(scene.orders.size() == 2);
  CHECK(scene.fake.replaces.size() == 2);
}

SCENARIO("a suggestion that was made stays in force while the CA does not answer") {
  Suggesting scene;
  scene.suggest(20 * 24h, 21 * 24h);
  scene.live_until(1h);
  scene.is_silent = true;
  scene.restart();
  scene.live_until(21 * 24h);
  CHECK(scene.orders.size() == 2);
}

SCENARIO("the CA is asked when it wants to be, also after the clock was wrong, and never about what it cannot know") {
  Suggesting scene;
  scene.suggest(30 * 24h, 31 * 24h);
  WHEN("all is usual, every six hours") {
    scene.live_until(24h);
    CHECK(scene.fake.asked_about.size() == 5);
  }
  WHEN("the clock was a year ahead when it was asked") {
    scene.live_until(1h);
    auto state = scene.state();
    state.renewal->ask_next = scene.began + 365 * 24h;
    run(scene.loop, scene.store.save_certificate("web", state));
    scene.restart();
    scene.live_until(2h);
    CHECK(scene.fake.asked_about.size() == 2);
  }
  WHEN("a certificate does not say whose it is") {
    scene.has_authority_key = false;
    scene.live_until(24h);
    CHECK(scene.orders.size() == 1);
    CHECK(scene.fake.asked_about.empty());
  }
  WHEN("it is of a version that did not remember what to ask about") {
    scene.live_until(1h);
    auto state = scene.state();
    state.renewal.reset();
    run(scene.loop, scene.store.save_certificate("web", state));
    scene.fake.asked_about.clear();
    scene.context.began = scene.clock.now();
    scene.restart();
    scene.live_until(25h);
    REQUIRE(!scene.fake.asked_about.empty());
    CHECK(scene.fake.asked_about.at(0) == scene.state().renewal->certificate_id);
    AND_WHEN("the process does what is due and ends") {
      auto forgotten = scene.state();
      forgotten.renewal.reset();
      run(scene.loop, scene.store.save_certificate("web", forgotten));
      scene.fake.asked_about.clear();
      scene.context.began = scene.clock.now();
      scene.context.ends_when_done = true;
      scene.restart();
      run(scene.loop, scene.keeper->attempt(true));
      CHECK(scene.fake.asked_about.size() == 1);
    }
  }
}

}  // namespace acmed::keep
