// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/revoking.h"

#include <algorithm>

#include "base/files.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/issue/revoker.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using test::FakeCa;
using test::problem;

/// A certificate "web" that is in service, and its CA.
struct RevokingScene : test::JourneyScene {
  renew::Ledger ledger{store, clock};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::unique_ptr<issue::AcmeAuthority> ours;
  bool is_configured = true;  ///< the CA, for the revoker
  issue::Revoker revoker{loop, [this](const std::string&) {
                           return is_configured ? std::vector{ours.get()} : std::vector<issue::AcmeAuthority*>();
                         }};
  std::vector<config::Target> targets;
  std::unique_ptr<Keeper> keeper;
  std::vector<TroubleView> failures;  ///< of the last attempt

  RevokingScene() {
    context.revoker = &revoker;
    restart();
    acmed::run(loop, keeper->attempt(false));
    REQUIRE(live_generation() == 1);
    ca.forget_seen();
  }
  /// As another process, which knows what is on disk.
  void restart() {
    ours = std::make_unique<issue::AcmeAuthority>(loop, store, settings);
    keeper = std::make_unique<Keeper>(
        context, ledger, deployments,
        Wanted{{"web", {"www.example.test"}, crypto::KeyType::ecdsa_p256, ours.get(), {}}, {}, targets});
  }
  void attempt(Wish wish = {}) {
    acmed::run(loop, keeper->attempt(std::move(wish)));
    failures = keeper->take_failures();
  }
  void revoke(const std::string& reason, bool after_next = false, unsigned generation = 0) {
    Wish wish;
    wish.asked = true;
    wish.revocations.push_back({generation, reason, after_next});
    attempt(std::move(wish));
  }
  unsigned live_generation() const {
    const auto view = keeper->view();
    return view.live ? view.live->generation : 0;
  }
  std::optional<FakeCa::Seen> revocation() const {
    for (const auto& seen : ca.seen()) {
      if (seen.resource == "revoke-cert") return seen;
    }
    return std::nullopt;
  }
  /// The resources that were asked, in order, of these two.
  std::string order_of(const std::string& one, const std::string& other) const {
    std::string text;
    for (const auto& seen : ca.seen()) {
      if (seen.resource == one || seen.resource == other) text += seen.resource + " ";
    }
    return text;
  }
  std::string sentences() const {
    std::string text;
    for (const auto& failure : failures) text += failure.what + ": " + failure.sentence + "\n";
    return text;
  }
  std::string reason_asked() const {
    const auto seen = revocation();
    const auto payload = json::parse(seen ? seen->payload : "").value_or(json::Value());
    return payload["reason"].is_null() ? "" : std::to_string(payload["reason"].integer_or(-1));
  }
};

}  // namespace

SCENARIO("the certificate in service is revoked, and another one takes its place at once") {
  RevokingScene scene;
  scene.revoke("superseded");
  CHECK(scene.sentences().empty());
  CHECK(scene.order_of("revoke-cert", "new-order") == "revoke-cert new-order ");
  CHECK(scene.revocation()->header["kid"].text_or() == scene.ca.url("account/1"));
  CHECK(scene.reason_asked() == "4");
  CHECK(scene.live_generation() == 2);
  CHECK_FALSE(scene.keeper->is_troubled());
  const auto former = scene.keeper->revoked(1);
  REQUIRE(former);
  CHECK(former->reason == "superseded");
  CHECK_FALSE(former->by_ca);
  CHECK_FALSE(scene.keeper->revoked(2));
  THEN("that is known after a restart, and nothing is done again") {
    scene.ca.forget_seen();
    scene.restart();
    scene.attempt();
    CHECK(scene.keeper->revoked(1));
    CHECK(scene.ca.count() == 0);
  }
}

SCENARIO("where it is to be replaced first, another one is in service before it is revoked") {
  RevokingScene scene;
  unsigned live_then = 0;
  scene.ca.on_request("revoke-cert", [&] { live_then = scene.live_generation(); });
  scene.revoke("cessationOfOperation", true);
  CHECK(scene.sentences().empty());
  CHECK(scene.order_of("revoke-cert", "new-order") == "new-order revoke-cert ");
  CHECK(live_then == 2);
  CHECK(scene.keeper->revoked(1));
  const auto pem = scene.ca.seen();
  CHECK(scene.live_generation() == 2);
}

SCENARIO("where it is to be replaced first and cannot be, it is not revoked, and whoever asked hears why") {
  RevokingScene scene;
  const auto later = [&scene] { return scene.ca.count("revoke-cert"); };
  WHEN("the CA takes no orders") {
    scene.ca.instead("new-order", problem("403 Forbidden", "caa", "not allowed"));
    scene.revoke("superseded", true);
    CHECK_THAT(scene.sentences(), Contains("issue: ") && Contains("revoke: generation 1 is revoked as soon as"));
    CHECK(later() == 0);
  }
  WHEN("a target does not take it") {
    config::Target target;
    target.name = "copy";
    target.post_hook = {"/bin/sh", "-c", "test ! -e " + (scene.folder.path() / "broken").string()};
    scene.targets = {target};
    scene.restart();
    scene.attempt();
    files::write_new(scene.folder.path() / "broken", "", 0600);
    scene.revoke("superseded", true);
    CHECK(scene.live_generation() == 2);
    CHECK_THAT(scene.sentences(), Contains("deploy:copy: ") && Contains("revoke: generation 1 is revoked as soon as"));
    CHECK(later() == 0);
    std::filesystem::remove(scene.folder.path() / "broken");
  }
  // Once that is possible it is revoked, also by another process.
  scene.clock.advance(48h);
  scene.restart();
  scene.attempt();
  CHECK(scene.live_generation() == 2);
  CHECK(later() == 1);
  CHECK(scene.keeper->revoked(1));
}

SCENARIO("what is to be revoked is on disk before the CA hears of it, and is gone on with") {
  RevokingScene scene;
  std::string on_disk;
  scene.ca.on_request("revoke-cert", [&] { on_disk = scene.on_disk("state.json"); });
  scene.ca.be_odd("revoke-cert", [](const FakeCa::Seen&) { return FakeCa::Reply("", ""); });
  scene.revoke("superseded");
  CHECK_THAT(on_disk, Contains("superseded"));
  CHECK_THAT(scene.sentences(), Contains("revoke: "));
  CHECK(scene.live_generation() == 1);
  CHECK(scene.keeper->is_troubled());
  scene.ca.be_odd("revoke-cert", [](const FakeCa::Seen&) { return problem("400 Bad Request", "alreadyRevoked"); });
  scene.restart();
  scene.clock.advance(2h);
  scene.attempt();
  CHECK(scene.keeper->revoked(1));
  CHECK(scene.live_generation() == 2);
  CHECK_FALSE(scene.keeper->is_troubled());
}

SCENARIO("what the CA refuses for good is told and given up") {
  RevokingScene scene;
  scene.ca.be_odd("revoke-cert", [](const FakeCa::Seen&) {
    return problem("400 Bad Request", "badRevocationReason", "not this one");
  });
  scene.revoke("affiliationChanged");
  CHECK_THAT(scene.sentences(), Contains("revoke: ") && Contains("not this one"));
  CHECK(scene.live_generation() == 1);
  CHECK_FALSE(scene.keeper->is_troubled());
  scene.ca.forget_seen();
  scene.clock.advance(48h);
  scene.attempt();
  CHECK(scene.ca.count("revoke-cert") == 0);
}

SCENARIO("a certificate of another account, or of a lost one, is revoked by its own key") {
  RevokingScene scene;
  const auto key = crypto::PrivateKey::from_pem(Secret(scene.live("privkey.pem")));
  WHEN("the account may not") {
    scene.ca.be_odd("revoke-cert", [](const FakeCa::Seen& seen) {
      return seen.header["kid"].is_null() ? std::nullopt
                                          : std::optional(problem("403 Forbidden", "unauthorized", "not yours"));
    });
  }
  WHEN("there is no account any more") {
    std::filesystem::remove_all(scene.directory.folder.path() / "accounts");
    scene.restart();
    scene.ca.instead("new-order", problem("500 Internal Server Error", "serverInternal"));
  }
  scene.revoke("superseded");
  const auto seen = scene.ca.seen();
  const auto by_key = std::ranges::find_if(
      seen, [](const auto& each) { return each.resource == "revoke-cert" && !each.header["jwk"].is_null(); });
  REQUIRE(by_key != seen.end());
  CHECK(json::dump(by_key->header["jwk"]) == json::dump(json::Value(key.jwk())));
  CHECK(scene.keeper->revoked(1));
}

SCENARIO("a compromised key says so itself, and the account where the CA does not take that") {
  RevokingScene scene;
  WHEN("the CA takes it") {
    scene.revoke("keyCompromise");
    CHECK_FALSE(scene.revocation()->header["jwk"].is_null());
    CHECK(scene.ca.count("revoke-cert") == 1);
  }
  WHEN("the CA takes no such key") {
    scene.ca.be_odd("revoke-cert", [](const FakeCa::Seen& seen) {
      return seen.header["jwk"].is_null() ? std::nullopt
                                          : std::optional(problem("400 Bad Request", "badSignatureAlgorithm"));
    });
    scene.revoke("keyCompromise");
    CHECK(scene.ca.count("revoke-cert") == 2);
  }
  CHECK(scene.reason_asked() == "1");
  CHECK(scene.keeper->revoked(1)->reason == "keyCompromise");
  CHECK(scene.live_generation() == 2);
}

SCENARIO("an earlier generation is revoked, and what is in service stays") {
  RevokingScene scene;
  Wish wish;
  wish.asked = true;
  wish.renew = true;
  scene.attempt(wish);
  REQUIRE(scene.live_generation() == 2);
  scene.ca.forget_seen();
  scene.revoke("superseded", true, 1);
  CHECK(scene.sentences().empty());
  CHECK(scene.ca.count("revoke-cert") == 1);
  CHECK(scene.ca.count("new-order") == 0);
  CHECK(scene.live_generation() == 2);
  CHECK(scene.keeper->revoked(1));
  THEN("asked for again it is not asked of the CA again, unless its key is compromised") {
    scene.revoke("cessationOfOperation", false, 1);
    CHECK(scene.sentences().empty());
    CHECK(scene.ca.count("revoke-cert") == 1);
    scene.revoke("keyCompromise", false, 1);
    CHECK(scene.ca.count("revoke-cert") == 2);
    CHECK(scene.keeper->revoked(1)->reason == "keyCompromise");
  }
}

SCENARIO("what there is not, or has ended, cannot be revoked") {
  RevokingScene scene;
  WHEN("there is no such generation") {
    scene.revoke("superseded", false, 7);
    CHECK_THAT(scene.sentences(), Contains("revoke: generation 7 is not kept"));
  }
  WHEN("it has ended") {
    scene.clock.advance(24h * 366 * 25);
    scene.ca.instead("new-order", problem("500 Internal Server Error", "serverInternal"));
    scene.revoke("superseded");
    CHECK_THAT(scene.sentences(), Contains("revoke: generation 1 has ended"));
  }
  CHECK(scene.ca.count("revoke-cert") == 0);
}

SCENARIO("while what is in service is revoked, that is the first thing to be told, and soon tried again") {
  RevokingScene scene;
  scene.ca.be_odd("new-order", [](const FakeCa::Seen&) { return problem("403 Forbidden", "caa", "not allowed"); });
  scene.revoke("superseded");
  const auto view = scene.keeper->view();
  CHECK(view.state == State::failing);
  REQUIRE(view.live);
  REQUIRE(view.live->revoked);
  REQUIRE(view.troubles.size() >= 2);
  CHECK(view.troubles[0].what == "revoked");
  CHECK_THAT(view.troubles[0].sentence, Contains("(superseded)") && Contains("generation 1"));
  CHECK_THAT(scene.keeper->troubles().at(0), Contains("web: is revoked"));
  for (int i = 0; i < 6; ++i) {
    scene.clock.advance(std::max<Duration>(scene.keeper->next(false) - scene.clock.now(), 1s));
    scene.attempt();
  }
  CHECK(scene.keeper->next(false) - scene.clock.now() < 3h);
}

SCENARIO("a generation that is to be revoked is kept, however many come after it") {
  RevokingScene scene;
  scene.ca.be_odd("revoke-cert", [](const FakeCa::Seen&) { return FakeCa::Reply("", ""); });
  scene.revoke("superseded");
  for (int i = 0; i < 5; ++i) {
    Wish wish;
    wish.asked = true;
    wish.renew = true;
    scene.attempt(wish);
  }
  REQUIRE(scene.live_generation() == 6);
  scene.ca.be_odd("revoke-cert", {});
  scene.clock.advance(48h);
  scene.attempt();
  CHECK(scene.keeper->revoked(1));
}

SCENARIO("a certificate of a CA that is configured no more is revoked by its key, if that CA can be asked") {
  RevokingScene scene;
  scene.is_configured = false;
  scene.revoke("superseded");
  // Nobody has told which roots that CA is to be trusted by.
  CHECK_THAT(scene.sentences(), Contains("revoke: ") && Contains("127.0.0.1"));
  CHECK(scene.ca.count("revoke-cert") == 0);
}

}  // namespace acmed::keep
