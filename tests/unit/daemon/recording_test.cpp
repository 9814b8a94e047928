// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/recording.h"

#include "daemon/deploy/local_actions.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;

/// Tells when a certificate is on the disk.
class TellingStore final : public store::FileStore {
 public:
  using FileStore::FileStore;
  Task<store::Revision> save_certificate(std::string name, store::Certificate certificate) override {
    if (++saves > room) throw Retry("file:28", "no space is left");
    const bool is_issued = certificate.issued.has_value();
    const auto revision = co_await FileStore::save_certificate(std::move(name), std::move(certificate));
    if (is_issued) issued.set();
    co_return revision;
  }

  int saves = 0;
  int room = 1000;  ///< for so many saves
  Event issued;
};

/// A first certificate "web", whose TXT value is removed when it is on the disk already.
struct LateRemoval : test::JourneyScene {
  TellingStore telling{directory.folder};
  issue::JourneyContext told{loop,      telling, directory.publisher,
                             discovery, zones,   config::Routes({{"example.test", "shown"}})};
  renew::Ledger ledger{telling, clock};
  test::FakeAuthority fake{settings, [this](const std::string& csr) { return issued(csr); }};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  Keeper keeper{told, ledger, deployments,
                Wanted{{"web", {"www.example.test"}, crypto::KeyType::ecdsa_p256, &fake, {}}, {}, {}}};

  LateRemoval() { provider->removes_after = &telling.issued; }
  std::vector<crypto::Certificate> issued(const std::string& csr) const {
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(clock.now());
    test::CertificateFacts facts;
    facts.not_before = now;
    facts.not_after = now + 90 * 24h;
    facts.key_identifier_of_issuer = "0123456789";
    return crypto::parse_chain(leaf({0, {"www.example.test"}, csr}, facts) + issuer.intermediate_pem());
  }
  Time attempt() { return acmed::run(loop, keeper.attempt(false)); }
};

}  // namespace

SCENARIO("a certificate takes four saves, after which nothing of it is in memory alone") {
  LateRemoval scene;
  scene.attempt();
  CHECK(scene.telling.saves == 4);
  CHECK(scene.provider->values.empty());
  const auto kept = scene.state();
  REQUIRE(kept.issued);
  CHECK(kept.values.empty());
  CHECK(kept.renewal->ask_next > scene.clock.now());
}

SCENARIO("what was done before an attempt is called off is on the disk") {
  LateRemoval scene;
  scene.fake.on_call = [](const std::string& call) {
    if (call == "renewal_info") throw Cancelled();
  };
  CHECK_THROWS_AS(scene.attempt(), Cancelled);
  REQUIRE(scene.state().issued);
  CHECK(scene.state().values.empty());
}

SCENARIO("what could not be written at the end of an attempt is written by another one") {
  LateRemoval scene;
  scene.telling.room = 3;
  const auto next = scene.attempt();
  REQUIRE(scene.keeper.troubles().size() == 1);
  CHECK_THAT(scene.keeper.troubles().front(), Catch::Contains("no space is left"));
  CHECK(!scene.state().values.empty());
  scene.telling.room = 1000;
  scene.clock.advance(next - scene.clock.now());
  scene.attempt();
  CHECK(scene.state().values.empty());
  CHECK(scene.keeper.troubles().empty());
}

}  // namespace acmed::keep
