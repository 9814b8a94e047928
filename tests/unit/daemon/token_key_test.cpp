// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "base/files.h"
#include "config/load.h"
#include "daemon/deploy/facts.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/deploy/pair.h"
#include "daemon/issue/revoker.h"
#include "daemon/keep/keeper.h"
#include "daemon/readiness.h"
#include "daemon/store/generation_files.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

/// Certificates whose key stays in a token.
namespace acmed::issue {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr const char* web = "pkcs11:token=acmed;object=web";
constexpr const char* spare = "pkcs11:token=acmed;object=spare";

/// A token with two keys.
class FakeToken final : public crypto::Keys {
 public:
  Task<crypto::PrivateKey> generate(crypto::KeyType type) override {
    ++generated;
    return crypto::software_keys().generate(type);
  }
  Task<crypto::PrivateKey> held(crypto::TokenKey where) override {
    ++asked;
    if (is_away) throw Retry("token:absent", "there is no token acmed here");
    if (where.pin.latest().reveal() != "4711") throw Refused("token:pin", "the token acmed refuses the PIN");
    const auto& key = where.uri == web ? web_key : spare_key;
    co_return crypto::PrivateKey::in_token(where.uri, {key.native(), [key](evp_pkey_st*) {}}, turn_);
  }
  Task<std::string> sign(crypto::PrivateKey key, std::string bytes) override {
    return crypto::software_keys().sign(std::move(key), std::move(bytes));
  }
  Task<std::string> csr(crypto::PrivateKey key, std::vector<std::string> names, std::string common_name) override {
    return crypto::software_keys().csr(std::move(key), std::move(names), std::move(common_name));
  }

  crypto::PrivateKey web_key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p384);
  crypto::PrivateKey spare_key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  bool is_away = false;
  int asked = 0;
  int generated = 0;

 private:
  std::shared_ptr<std::mutex> turn_ = std::make_shared<std::mutex>();
};

struct Tokens : test::JourneyScene {
  FakeToken token;
  test::FakeAuthority fake{settings, [this](const std::string& csr) {
                             return crypto::parse_chain(chain({0, request.domains, csr}));
                           }};
  JourneyContext with_token{loop,  store,          directory.publisher, discovery,
                            zones, context.routes, context.observer,    token};

  Tokens() {
    request.authority = &fake;
    request.key = crypto::TokenKey{web, Secret("4711")};
  }

  /// Empty when a certificate was issued, else "CAUSE SENTENCE".
  std::string issue() {
    auto state = acmed::run(loop, store.load_certificate("web"));
    Journey journey(with_token, request, state);
    try {
      acmed::run(loop, journey.run());
    } catch (const Error& error) {
      acmed::run(loop, store.save_certificate("web", state));  // as the keeper does with what is left
      return error.cause() + " " + error.what();
    }
    return {};
  }

  fs::path folder_of(const std::string& number) const { return folder.path() / "state/certificates/web" / number; }

  /// All that stands in any file of the state directory.
  std::string everything() const {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path() / "state")) {
      if (entry.is_regular_file()) all += files::read(entry.path()).value_or("");
    }
    return all;
  }

  deploy::Generation issued() {
    deploy::Generation generation{acmed::run(loop, store.generation("web", 1)), "web",
                                  folder.path() / "state/live/web"};
    return generation;
  }

  /// Whether the certificate in service is one that the configuration wants.
  bool is_wanted(Rare<crypto::TokenKey> key, crypto::KeyType type = crypto::KeyType::ecdsa_p256) {
    renew::Ledger ledger(store, clock);
    deploy::LocalActions actions(directory.folder.deployments());
    deploy::DeploymentCoordinator deployments(loop, actions);
    auto wanted = request;
    wanted.key = std::move(key);
    wanted.key_type = type;
    keep::Keeper keeper(with_token, ledger, deployments, keep::Wanted{std::move(wanted), {}, {}});
    acmed::run(loop, keeper.prepare());
    return keeper.view().renewal.value_or(Time()) > clock.now();
  }
};

}  // namespace

SCENARIO("a certificate for a key in a token is issued and renewed, and no file has a key") {
  Tokens scene;
  CHECK(scene.issue() == "");
  const auto leaf = crypto::parse_chain(scene.live("cert.pem")).front();
  CHECK(leaf.has_key(scene.token.web_key));
  CHECK(scene.token.generated == 0);
  CHECK_FALSE(fs::exists(fs::symlink_status(scene.folder_of("0001") / "privkey.pem")));
  CHECK_FALSE(fs::exists(scene.folder.path() / "state/live/web/privkey.pem"));
  CHECK(scene.live("fullchain.pem") == scene.live("cert.pem") + scene.live("chain.pem"));
  CHECK(scene.issue() == "");
  CHECK(crypto::parse_chain(scene.live("cert.pem")).front().has_key(scene.token.web_key));
  CHECK(scene.everything().find("PRIVATE KEY") == std::string::npos);
  CHECK(scene.everything().find("4711") == std::string::npos);
  const auto state = scene.state();
  CHECK(state.issued->key_uri == web);
  CHECK(state.issued->key_type == "ecdsa-p384");
  const auto meta = run(scene.loop, scene.store.generation_meta("web", 2));
  CHECK(meta.key_uri == web);
  CHECK(meta.public_key == scene.token.web_key.public_key_digest());
}

SCENARIO("an order that is kept names its key by the URI, and is gone on with by the same one") {
  Tokens scene;
  bool is_away = true;
  scene.fake.on_call = [&](const std::string& call) {
    if (call == "finalize" && is_away) throw Retry("http:503", "the CA is away");
  };
  CHECK(scene.issue() == "http:503 the CA is away");
  REQUIRE(scene.state().order);
  CHECK(scene.state().order->key_pem.reveal() == web);
  is_away = false;
  WHEN("the token is away meanwhile") {
    scene.token.is_away = true;
    CHECK(scene.issue() == "token:absent there is no token acmed here");
    CHECK(scene.state().order);
    scene.token.is_away = false;
  }
  CHECK(scene.issue() == "");
  CHECK(scene.fake.orders == 1);
}

SCENARIO("an order for another key than the configuration names is not gone on with") {
  Tokens scene;
  scene.fake.on_call = [once = true](const std::string& call) mutable {
    if (call == "finalize" && std::exchange(once, false)) throw Retry("http:503", "the CA is away");
  };
  CHECK(scene.issue() == "http:503 the CA is away");
  WHEN("it names another one in the token") {
    scene.request.key->uri = spare;
    CHECK(scene.issue() == "");
    CHECK(crypto::parse_chain(scene.live("cert.pem")).front().has_key(scene.token.spare_key));
  }
  WHEN("it names none") {
    scene.request.key.reset();
    scene.request.key_type = crypto::KeyType::ecdsa_p384;
    CHECK(scene.issue() == "");
    CHECK(scene.token.generated == 1);
    CHECK(fs::exists(scene.folder_of("0001") / "privkey.pem"));
  }
  CHECK(scene.fake.orders == 2);
}

SCENARIO("a token that refuses the PIN costs no order") {
  Tokens scene;
  scene.request.key->pin = Secret("0815");
  CHECK(scene.issue() == "token:pin the token acmed refuses the PIN");
  CHECK(scene.fake.orders == 0);
  CHECK(scene.token.asked == 1);
  CHECK_FALSE(scene.state().order);
}

SCENARIO("the certificate in service is the wanted one while it is for the key that the configuration names") {
  Tokens scene;
  REQUIRE(scene.issue() == "");
  const Secret pin("4711");
  CHECK(scene.is_wanted(crypto::TokenKey{web, pin}));
  CHECK(scene.is_wanted(crypto::TokenKey{web, pin, crypto::KeyType::ecdsa_p384}));
  CHECK_FALSE(scene.is_wanted(crypto::TokenKey{web, pin, crypto::KeyType::rsa_2048}));
  CHECK_FALSE(scene.is_wanted(crypto::TokenKey{spare, pin}));
  CHECK_FALSE(scene.is_wanted(std::nullopt, crypto::KeyType::ecdsa_p384));
  WHEN("the state is lost") {
    fs::remove(scene.folder.path() / "state/certificates/web/state.json");
    CHECK(scene.is_wanted(crypto::TokenKey{web, pin}));
  }
}

SCENARIO("a generation without a key file is whole where its key is in a token, and nowhere else") {
  Tokens scene;
  REQUIRE(scene.issue() == "");
  const auto folder = scene.folder_of("0001");
  CHECK_FALSE(store::fault_of(folder.string()));
  CHECK(store::give_key_to(folder.string(), std::nullopt, {}).empty());
  WHEN("a file is lost that follows from the others") {
    fs::remove(folder / "chain.pem");
    CHECK_FALSE(store::fault_of(folder.string()));
    CHECK(fs::exists(folder / "chain.pem"));
  }
  WHEN("its certificate is another one") {
    const auto other = scene.issuer.issue(scene.token.spare_key, {{"web.test"}, false, "02", {}}).to_pem();
    files::write_durably(folder / "cert.pem", other, 0644);
    files::write_durably(folder / "fullchain.pem", "", 0644);
    CHECK_THAT(store::fault_of(folder.string()).value_or(""), Contains("is not for the key in the token"));
  }
  WHEN("it says nothing of a token") {
    files::write_durably(folder / "meta.json", "{}", 0644);
    CHECK_THAT(store::fault_of(folder.string()).value_or(""), Contains("privkey.pem is missing"));
  }
}

SCENARIO("a certificate is revoked by its key in the token, while the configuration names that one") {
  Tokens scene;
  scene.request.key->uri = spare;  // of a type that the fake CA takes signatures by
  REQUIRE(scene.issue() == "");
  const auto leaf = crypto::parse_chain(scene.live("cert.pem")).front();
  AcmeAuthority ours(scene.loop, scene.store, scene.settings);
  Revoker revoker(
      scene.loop, [&ours](const std::string&) { return std::vector{&ours}; }, scene.token);
  Revocable what{scene.settings.directory_url, leaf, Secret(), acme::RevocationReason::key_compromise,
                 scene.request.key};
  scene.token.asked = 0;
  const auto jwk_of_last = [&scene] {
    std::string found;
    for (const auto& seen : scene.ca.seen()) {
      if (seen.resource == "revoke-cert") found = json::dump(seen.header["jwk"]);
    }
    return found;
  };
  WHEN("it names that one") {
    run(scene.loop, revoker.revoke(what));
    CHECK(scene.ca.count("revoke-cert") == 1);
    CHECK(jwk_of_last() == json::dump(scene.token.spare_key.jwk()));
  }
  WHEN("it names none") {
    what.key.reset();
    CHECK_THROWS_WITH(run(scene.loop, revoker.revoke(what)),
                      Contains("stays in a token that the configuration does not name any more"));
    CHECK(scene.token.asked == 0);
  }
  WHEN("the token has another key now") {
    scene.token.spare_key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
    CHECK_THROWS_WITH(run(scene.loop, revoker.revoke(what)), Contains("is not that of the certificate any more"));
    CHECK(scene.ca.count("revoke-cert") == 0);
  }
}

SCENARIO("what is deployed is the certificate of the token's key, and programs are told no path of a key") {
  Tokens scene;
  REQUIRE(scene.issue() == "");
  auto generation = scene.issued();
  CHECK(generation.files.private_key.empty());
  CHECK_NOTHROW(deploy::require_pair(generation));
  const deploy::Subjects subjects = {
      std::make_shared<const deploy::Subject>(deploy::Subject{config::Target(), generation})};
  std::string told;
  for (const auto& each : deploy::facts_for(subjects, deploy::Event::deploy).environment) told += each + "\n";
  CHECK_THAT(told, Contains(std::string("ACMED_KEY_URI=") + web + "\n"));
  CHECK_THAT(told, Contains("ACMED_FULLCHAIN="));
  CHECK_THAT(told, !Contains("ACMED_PRIVKEY"));
  generation.meta.public_key = scene.token.spare_key.public_key_digest();
  CHECK_THROWS_WITH(deploy::require_pair(generation), Contains("its key is not that of its certificate"));
}

SCENARIO("a service does not wait for a key file of a key in a token") {
  Tokens scene;
  REQUIRE(scene.issue() == "");
  auto config = config::parse(
      "state_directory = \"" + (scene.folder.path() / "state").string() +
          "\"\n[ca.letsencrypt]\nterms_agreed = true\n[provider.bind]\ntype = \"rfc2136\"\nserver = \"192.0.2.1\"\n"
          "zones = [\"example.com\"]\n[[certificate]]\nname = \"web\"\ndomains = [\"example.com\"]\n"
          "key = \"pkcs11:token=acmed;object=web\"\npin = \"4711\"\n",
      "/etc/acmed/acmed.toml");
  CHECK(missing_file(config, {"web"}) == "");
}

}  // namespace acmed::issue
