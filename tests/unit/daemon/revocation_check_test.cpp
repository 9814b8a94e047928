// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/revocation_check.h"

#include <atomic>
#include <mutex>

#include "daemon/deploy/local_actions.h"
#include "daemon/issue/revocation_lists.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

/// Certificates whose CA publishes what it has revoked.
struct ListedScene : test::JourneyScene {
  std::mutex lock;
  std::string list;  ///< what the server answers
  std::string status = "200 OK";
  test::FakeServer server{[this](test::FakeServer::Connection& connection) {
    while (!connection.read_request().empty()) {
      const std::lock_guard guard(lock);
      ++fetches;
      connection.write(test::answer(status, "", list));
    }
  }};
  std::atomic<int> fetches = 0;
  std::size_t failures = 0;  ///< that were told
  bool names_list = true;
  std::optional<issue::RevocationLists> lists{loop};
  renew::Ledger ledger{store, clock};
  test::FakeAuthority fake{settings, [this](const std::string& csr) { return issued(csr); }};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::list<Keeper> keepers;
  Time began = clock.now();

  ListedScene() {
    context.revocation_lists = &*lists;
    context.began = began;
    fake.proved = true;
    publish({});
  }
  Keeper& keep(const std::string& name) {
    keepers.emplace_back(context, ledger, deployments,
                         Wanted{{name, {"a.example.test"}, crypto::KeyType::ecdsa_p256, &fake, {}}, {}, {}});
    return keepers.back();
  }
  /// The certificate of the N-th order has the serial 10 + N.
  std::vector<crypto::Certificate> issued(const std::string& csr) const {
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(clock.now());
    test::CertificateFacts facts;
    facts.not_before = now;
    facts.not_after = now + 90 * 24h;
    facts.serial = std::to_string(10 + fake.orders);
    if (names_list) facts.revocation_list_url = server.url("/list.crl");
    return crypto::parse_chain(leaf({0, {"a.example.test"}, csr}, facts) + issuer.intermediate_pem());
  }
  void publish(const std::vector<test::TestCa::Revoked>& revoked) {
    auto made = issuer.revocation_list(revoked, std::chrono::time_point_cast<std::chrono::seconds>(clock.now()));
    const std::lock_guard guard(lock);
    list = std::move(made);
  }
  void live_until(Duration end) {
    for (;;) {
      auto next = Time::max();
      Keeper* first = nullptr;
      for (auto& keeper : keepers) {
        const auto own = std::max(keeper.next(false), clock.now());
        if (own < next) first = &keeper;
        next = std::min(next, own);
      }
      if (first == nullptr || next > began + end) break;
      clock.advance(std::max<Duration>(next - clock.now(), 1s));
      acmed::run(loop, first->attempt(false));
      failures += first->take_failures().size();
    }
    clock.advance(std::max<Duration>(began + end - clock.now(), Duration::zero()));
  }
};

/// Hears what is revoked.
struct Heard final : issue::Observer {
  void revoked(const std::string& certificate, const std::string&, const store::Revocation& revocation) override {
    all.push_back(certificate + " " + sentence_of(revocation));
  }
  std::vector<std::string> all;
};

}  // namespace

SCENARIO("a certificate that its CA has revoked is replaced within a day, and that is told") {
  ListedScene scene;
  Heard heard;
  issue::JourneyContext context{scene.loop,   scene.store, scene.directory.publisher, scene.discovery, scene.zones,
                                {},           heard,       crypto::software_keys(),   scene.began,     nullptr,
                                &*scene.lists};
  scene.keepers.emplace_back(context, scene.ledger, scene.deployments,
                             Wanted{{"web", {"a.example.test"}, crypto::KeyType::ecdsa_p256, &scene.fake, {}}, {}, {}});
  auto& keeper = scene.keepers.back();
  scene.live_until(25h);
  REQUIRE(scene.fake.orders == 1);
  CHECK(scene.fetches == 1);
  scene.publish({{"0f", 0}, {"11", 1}, {"23", 4}});
  scene.live_until(51h);
  CHECK(scene.fake.orders == 2);
  REQUIRE(heard.all.size() == 1);
  CHECK_THAT(heard.all[0],
             Contains("web was revoked by its CA (keyCompromise) on 2026-11-") && Contains("a new one is ordered"));
  CHECK(keeper.revoked(1)->by_ca);
  CHECK_FALSE(keeper.is_troubled());
  // The next one is another certificate: it is not found in the list.
  scene.live_until(24h * 10);
  CHECK(scene.fake.orders == 2);
}

SCENARIO("a process that does what is due and ends looks once a day, however often it is started") {
  ListedScene scene;
  scene.context.ends_when_done = true;
  const auto start = [&scene] {
    scene.keepers.clear();
    scene.lists.emplace(scene.loop);
    scene.context.revocation_lists = &*scene.lists;
    scene.context.began = scene.clock.now();
    acmed::run(scene.loop, scene.keep("web").attempt(true));
  };
  for (int hour = 0; hour < 24; ++hour) {
    start();
    scene.clock.advance(1h);
  }
  CHECK(scene.fetches == 0);
  start();
  CHECK(scene.fetches == 1);
  for (int hour = 0; hour < 23; ++hour) {
    scene.clock.advance(1h);
    start();
  }
  CHECK(scene.fetches == 1);
  scene.publish({{"11", 1}});
  scene.clock.advance(1h);
  start();
  CHECK(scene.fetches == 2);
  CHECK(scene.keepers.front().revoked(1));
  AND_THEN("another one is ordered by the same process") {
    CHECK(scene.keepers.front().next(false) <= scene.clock.now());
    acmed::run(scene.loop, scene.keepers.front().attempt(false));
    CHECK(scene.fake.orders == 2);
  }
}

SCENARIO("a list is fetched once a day for all certificates that name it") {
  ListedScene scene;
  for (const auto* name : {"a", "b", "c", "d", "e"}) scene.keep(name);
  scene.live_until(24h * 10);
  CHECK(scene.fake.orders == 5);
  CHECK(scene.fetches >= 9);
  CHECK(scene.fetches <= 11);
}

SCENARIO("a certificate that names no list is not looked up") {
  ListedScene scene;
  scene.names_list = false;
  scene.keep("web");
  scene.live_until(24h * 5);
  CHECK(scene.fetches == 0);
}

SCENARIO("a list that cannot be had, or is not the CA's, is no trouble, and changes nothing") {
  ListedScene scene;
  auto& keeper = scene.keep("web");
  const auto put = [&scene](const std::string& status, const std::string& list) {
    const std::lock_guard guard(scene.lock);
    scene.status = status;
    scene.list = list;
  };
  const test::TestCa other;
  WHEN("the server has none") {
    put("404 Not Found", "no");
  }
  WHEN("it is no list") {
    put("200 OK", "<html>");
  }
  WHEN("it redirects") {
    put("302 Found", "");
  }
  WHEN("another CA has signed it") {
    put("200 OK", other.revocation_list({{"11", 1}}, std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)));
  }
  scene.live_until(24h * 3);
  CHECK(scene.fetches >= 3);
  CHECK(scene.fetches <= 12);
  CHECK(scene.fake.orders == 1);
  CHECK_FALSE(keeper.is_troubled());
  CHECK(scene.failures == 0);
  CHECK(keeper.view().next->what == "renew");
}

SCENARIO("a CA that suggests to have renewed already is a reason to look at once") {
  ListedScene scene;
  scene.keep("web");
  scene.live_until(1h);
  REQUIRE(scene.fetches == 0);
  scene.publish({{"11", 5}});
  scene.fake.suggestion =
      acme::RenewalInfo{scene.began - 3h, scene.began - 2h, "https://ca.test/why", scene.clock.now()};
  auto state = acmed::run(scene.loop, scene.store.load_certificate("web"));
  REQUIRE(state.renewal);
  state.renewal->window_start = scene.began - 3h;
  state.renewal->window_end = scene.began - 2h;
  state.renewal->renew_at = scene.began - 2h;
  acmed::run(scene.loop, scene.store.save_certificate("web", state));
  scene.keepers.clear();
  scene.keep("web");
  scene.live_until(2h);
  CHECK(scene.fetches == 1);
  CHECK(scene.fake.orders == 2);
}

}  // namespace acmed::keep
