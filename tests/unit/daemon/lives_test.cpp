// SPDX-License-Identifier: Apache-2.0
// A certificate over the years, whatever the CA gives it to live and whatever the clock shows meanwhile.
#include <cmath>
#include <random>

#include "daemon/deploy/local_actions.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;

/// A certificate "web" that is kept, at a CA whose own clock is always right.
struct Keeping : test::JourneyScene {
  Duration life = 24h * 90;
  Duration backdated = 1h;
  Duration ahead{};  ///< by how much this host's clock is
  renew::Ledger ledger{store, clock};
  test::FakeAuthority fake{settings, [this](const std::string& csr) { return issued(csr); }};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::unique_ptr<Keeper> keeper;

  Keeping() { restart(); }
  void restart() {
    keeper = std::make_unique<Keeper>(
        context, ledger, deployments,
        Wanted{{"web", {"a.example.test", "b.example.test"}, crypto::KeyType::ecdsa_p256, &fake, {}}, {}, {}});
  }
  std::vector<crypto::Certificate> issued(const std::string& csr) const {
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(right_now());
    test::CertificateFacts facts;
    facts.not_before = now - std::chrono::duration_cast<std::chrono::seconds>(backdated);
    facts.not_after = now + std::chrono::duration_cast<std::chrono::seconds>(life);
    facts.serial = std::to_string(10 + fake.orders);
    return crypto::parse_chain(leaf({0, {"a.example.test", "b.example.test"}, csr}, facts) + issuer.intermediate_pem());
  }
  Time right_now() const { return clock.now() - ahead; }
  void set_clock(Duration by) {
    clock.advance(by - ahead);
    ahead = by;
  }
  Time attempt() { return acmed::run(loop, keeper->attempt(false)); }
  /// As the service does it: calls the keeper whenever it wants to be called, until `end`.
  void live_until(Time end) {
    for (auto next = std::max(keeper->next(false), clock.now()); next <= end; next = std::max(next, clock.now() + 1s)) {
      clock.advance(std::max<Duration>(next - clock.now(), Duration::zero()));
      next = attempt();
    }
  }
};

}  // namespace

SCENARIO("each renewal costs one order, and comes after the issue and before the end, whatever a certificate lives") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> chance(0, 1);
  constexpr double shortest = 1.0 / 60 / 8766;
  for (int i = 0; i < 12; ++i) {
    Keeping keeping;
    keeping.fake.proved = true;
    keeping.life = std::chrono::duration_cast<Duration>(8766h * shortest * std::pow(30 / shortest, chance(random)));
    const double share = 0.9 * chance(random);
    keeping.backdated = std::chrono::duration_cast<Duration>(keeping.life * (share / (1 - share)));
    CAPTURE(acmed::to_text(keeping.life), share);
    Time end = Time::max();
    for (int renewal = 1; renewal <= 3; ++renewal) {
      CHECK(keeping.clock.now() < end);
      const auto next = keeping.attempt();
      CHECK(keeping.fake.orders == renewal);
      CHECK(keeping.keeper->troubles().empty());
      CHECK(next > keeping.clock.now());
      end = keeping.state().issued->not_after;
      keeping.clock.advance(next - keeping.clock.now());
    }
  }
}

SCENARIO("an hour after a clock that was wrong is right again, all is as if it had been right") {
  constexpr Duration ten_years = 24h * 3652;
  for (const Duration wrong : {ten_years, -ten_years}) {
    for (const bool is_renewal : {false, true}) {
      for (int at_call = 0; at_call < 9; ++at_call) {
        const bool is_restarted = (at_call + (wrong > Duration::zero() ? 1 : 0)) % 2 == 0;
        CAPTURE(wrong.count(), is_renewal, at_call, is_restarted);
        Keeping keeping;
        if (is_renewal) {
          const auto due = keeping.attempt();
          keeping.clock.advance(due - keeping.clock.now());
        }
        int calls = 0;
        keeping.fake.on_call = [&](const std::string&) {
          if (calls++ == at_call) keeping.set_clock(wrong);
        };
        if (at_call == 0) keeping.set_clock(wrong);
        keeping.attempt();
        keeping.live_until(keeping.clock.now() + 2min);
        keeping.fake.on_call = {};
        keeping.set_clock({});
        if (is_restarted) keeping.restart();
        const auto right = keeping.clock.now();
        if (is_restarted) run(keeping.loop, keeping.keeper->prepare());
        keeping.live_until(right + 1h);

        const auto issued = keeping.state().issued;
        REQUIRE(issued);
        CHECK(issued->not_after > right + 24h * 80);
        CHECK(keeping.keeper->troubles().empty());
        CHECK(keeping.keeper->next(false) > keeping.clock.now() + 24h * 40);
        CHECK(keeping.keeper->next(false) < issued->not_after);
        CHECK(keeping.provider->values.empty());
        CHECK(keeping.state().values.empty());
        CHECK(keeping.fake.orders <= (is_renewal ? 3 : 2));
      }
    }
  }
}

}  // namespace acmed::keep
