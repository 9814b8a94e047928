// SPDX-License-Identifier: Apache-2.0
/// The state directory that acmed left before states had revisions: sample_0.1, from a run that was killed.
#include <filesystem>

#include "base/crypto/x509.h"
#include "base/files.h"
#include "daemon/renew/ledger.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* ca = "https://127.0.0.1:14000/dir";

Time at(const char* text) {
  return parse_rfc3339(text).value();
}

struct Sample {
  Sample() {
    fs::copy(fs::path(ACMED_SAMPLES) / "sample_0.1", folder.path(),
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }

  TemporaryFolder folder;
  VirtualClock clock{at("2026-11-26T13:40:00Z")};
  Loop loop{clock};
  StateDirectory state{folder.path()};
};

SCENARIO("a state directory of the version before is taken over whole") {
  Sample sample;
  auto& loop = sample.loop;
  auto& store = sample.state.store;

  const auto account = run(loop, store.load_account({ca, "", "ecdsa-p256"}));
  REQUIRE(account);
  CHECK(account->url == "https://127.0.0.1:14000/my-account/28b05f014b21371b");
  CHECK(account->directory);
  CHECK_THAT(account->key_pem.reveal(), Catch::StartsWith("-----BEGIN PRIVATE KEY-----"));

  const auto site = run(loop, store.load_certificate("site"));
  REQUIRE(site.issued);
  CHECK(site.issued->generation == 3);
  CHECK(site.issued->key_type == "ecdsa-p521");
  CHECK(site.issued->not_after == at("2027-02-24T13:36:22Z"));
  CHECK(site.issued->issued_at == site.issued->not_before);  // what was not kept then
  const auto& web = site.deployments.at("web");
  CHECK(web.begun == 3);
  CHECK(web.served == 2);
  REQUIRE(web.trouble);
  CHECK(web.trouble->failures == 1);
  CHECK_THAT(web.trouble->sentence, Catch::Contains("the former files are back"));
  for (const unsigned number : {1U, 2U, 3U}) {
    const auto generation = run(loop, store.generation("site", number));
    const auto chain = crypto::parse_chain(generation.files.full_chain);
    CHECK(generation.meta.serial == chain.front().serial());
    CHECK(generation.meta.not_after == chain.front().not_after());
    CHECK(generation.meta.domains == std::vector<std::string>{"www.example.test"});
    CHECK(chain.front().has_key(crypto::PrivateKey::from_pem(generation.files.private_key)));
  }
  CHECK(sample.state.live(loop, "site") == 3U);
  const auto looked = run(loop, sample.state.publisher.look({{"site", 3}}));
  CHECK_FALSE(looked.front().fault);

  const auto wild = run(loop, store.load_certificate("wild"));
  REQUIRE(wild.order);
  CHECK_THAT(wild.order->url, Catch::StartsWith("https://127.0.0.1:14000/my-order/"));
  CHECK(wild.order->domains == std::vector<std::string>{"example.test", "*.example.test"});
  CHECK_NOTHROW(crypto::PrivateKey::from_pem(wild.order->key_pem));
  REQUIRE(wild.values.size() == 2);
  CHECK(wild.values.front().provider == "primary");
  REQUIRE(wild.values.front().origin);
  CHECK(wild.values.front().origin->domain == "example.test");

  const auto memory = run(loop, store.load_provider("names"));
  CHECK(memory.at("accounts").elements().front()["fulldomain"].text_or() == "8e5700ea.auth.example.test");

  renew::Ledger ledger(store, sample.clock);
  run(loop, ledger.load());
  CHECK(ledger.closed_until(ca, std::nullopt) == at("2026-11-26T14:36:22Z"));
}

SCENARIO("the account of the version before is the first's who asks for that directory and type of key") {
  Sample sample;
  auto& loop = sample.loop;
  auto& store = sample.state.store;
  CHECK_FALSE(run(loop, store.load_account({ca, "", "rsa-2048"})));
  CHECK_FALSE(run(loop, store.load_account({"https://127.0.0.1:14000/other", "", "ecdsa-p256"})));
  const auto taken = run(loop, store.load_account({ca, "department-1", "ecdsa-p256"}));
  REQUIRE(taken);
  CHECK(taken->identity.external_account == "department-1");
  CHECK_FALSE(taken->contact);  // what was not kept then
  CHECK_FALSE(run(loop, store.load_account({ca, "", "ecdsa-p256"})));
  CHECK(run(loop, store.load_account({ca, "department-1", "ecdsa-p256"}))->url == taken->url);
}

SCENARIO("what was taken over is saved with a revision, and nothing of it is lost") {
  Sample sample;
  auto& store = sample.state.store;
  for (const auto* name : {"site", "wild"}) {
    auto before = run(sample.loop, store.load_certificate(name));
    CHECK(before.revision == 0);
    before.revision = run(sample.loop, store.save_certificate(name, before));
    const auto after = run(sample.loop, store.load_certificate(name));
    CHECK(after.revision == 1);
    CHECK(json::dump(to_json(after)) == json::dump(to_json(before)));
  }
}

}  // namespace
}  // namespace acmed::store
