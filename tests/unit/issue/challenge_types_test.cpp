// SPDX-License-Identifier: Apache-2.0
// Journeys by the challenges beside dns-01: at a name of the account's own, and by a record that stays.
#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/issue/persistence.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::FakeCa;
using test::JourneyScene;
using Reply = FakeCa::Reply;
using enum config::ChallengeType;

const dns::Name of_all("_acme-challenge.www.example.test");
const dns::Name of_record("_validation-persist.www.example.test");
constexpr const char* hash_prefix = "acme://ca.test/";

/// A CA that offers these types; dns-persist-01 in the form of the draft's latest version where it is so.
void offer(JourneyScene& scene, std::vector<std::string> types, bool latest = false) {
  if (latest) scene.ca.set_directory("meta", json::Object{{"accountHashPrefix", hash_prefix}});
  scene.ca.change_answers("authorization", [types, latest](const FakeCa::Seen&, Reply usual) {
    auto body = *json::parse(usual.body).value().as_object();
    const auto of_ca = *body.at("challenges").elements().front().as_object();
    json::Array challenges;
    for (const auto& type : types) {
      auto challenge = of_ca;
      challenge["type"] = type;
      if (type == acme::dns_persist_01) {
        challenge.erase("token");
        challenge[latest ? "issuerDomainNames" : "issuer-domain-names"] = json::Array{"ca.test", "other.test"};
      }
      challenges.push_back(challenge);
    }
    body["challenges"] = std::move(challenges);
    usual.body = json::dump(body);
    return usual;
  });
}

std::string account_url(const JourneyScene& scene) {
  return scene.ca.url("account/1");
}

std::vector<std::string> values_at(const JourneyScene& scene, const dns::Name& name) {
  std::vector<std::string> values;
  for (const auto& [at, value] : scene.provider->values) {
    if (at == name) values.push_back(value);
  }
  return values;
}

/// The certificate "web", kept over years by records that stay.
struct Kept : JourneyScene {
  renew::Ledger ledger{store, clock};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  AcmeAuthority ca_account{loop, store, settings};
  std::unique_ptr<keep::Keeper> keeper;
  config::Profile profile;

  Kept() {
    offer(*this, {"dns-01", "dns-persist-01"});
    ca.issue_by([this](const FakeCa::Issuance& issuance) {
      test::CertificateFacts facts;
      facts.not_before = std::chrono::time_point_cast<std::chrono::seconds>(clock.now());
      facts.not_after = facts.not_before + std::chrono::hours(24 * 90);
      return leaf(issuance, facts) + issuer.intermediate_pem();
    });
    ca.set_expires("");
    restart({dns_persist_01});
  }
  void restart(config::Challenges challenges) {
    keep::Wanted wanted{{"web", {"www.example.test"}, crypto::KeyType::ecdsa_p256, &ca_account, {}}, {}, {}};
    wanted.request.challenges = challenges;
    wanted.request.persist_for = 24h * 300;
    wanted.request.profile = profile;
    keeper = std::make_unique<keep::Keeper>(context, ledger, deployments, std::move(wanted));
  }
  Time attempt() { return acmed::run(loop, keeper->attempt(false)); }
  void live(Duration duration) {
    const auto end = clock.now() + duration;
    for (auto next = std::max(attempt(), clock.now()); next <= end;) {
      clock.advance(std::max<Duration>(next - clock.now(), Duration::zero()));
      next = std::max<Time>(attempt(), clock.now() + 1s);
    }
    clock.advance(end - clock.now());
  }
};

}  // namespace

SCENARIO("dns-account-01 proves at a name of the account's own, and leaves nothing there") {
  JourneyScene scene;
  offer(scene, {"dns-01", "dns-account-01"});
  const dns::Name own(config::challenge_name(dns_account_01, "www.example.test", account_url(scene)));
  WHEN("the configuration asks for it") {
    scene.request.challenges = {dns_account_01};
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{own});
  }
  WHEN("the CA offers nothing else, and the configuration does not say") {
    offer(scene, {"http-01", "dns-account-01"});
    scene.request.challenges = {dns_01, dns_account_01, dns_persist_01};
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{own});
  }
  WHEN("the configuration does not say, and the CA offers both") {
    scene.request.challenges = {dns_01, dns_account_01, dns_persist_01};
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{of_all});
  }
  WHEN("the account's name is an alias") {
    scene.aliases[own] = dns::Name("_acme-challenge.elsewhere.example.test");
    scene.request.challenges = {dns_account_01};
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{dns::Name("_acme-challenge.elsewhere.example.test")});
  }
  CHECK(scene.provider->values.empty());
  CHECK(scene.state().values.empty());
}

SCENARIO("a challenge that the CA does not offer is told, with the one to set") {
  JourneyScene scene;
  offer(scene, {"http-01", "dns-account-01"});
  scene.request.challenges = {dns_01};
  CHECK_THAT(scene.run(), StartsWith("acme:no-challenge") &&
                              Contains("offers no dns-01 challenge for www.example.test (it offers: http-01, "
                                       "dns-account-01): set challenge = \"dns-account-01\""));
  scene.request.challenges = {dns_persist_01};
  CHECK_THAT(scene.run(), Contains("offers no dns-persist-01 challenge"));
  CHECK(scene.provider->calls == 0);
}

SCENARIO("a record of dns-persist-01 is published once; a renewal then changes nothing in the DNS") {
  JourneyScene scene;
  offer(scene, {"dns-01", "dns-persist-01"});
  scene.request.challenges = {dns_persist_01};
  scene.request.persist_for = 24h * 100;
  std::string on_disk;
  scene.provider->on_apply = [&](const auto&) { on_disk = scene.on_disk("state.json"); };
  REQUIRE(scene.run().empty());
  const auto values = values_at(scene, of_record);
  REQUIRE(values.size() == 1);
  CHECK(scene.provider->values.size() == 1);
  CHECK_THAT(values[0], StartsWith(fmt::format("ca.test; accounturi={}; persistUntil=", account_url(scene))));
  CHECK_THAT(on_disk, Contains("persistUntil="));
  const auto said = Persistence::parse(values[0]);
  REQUIRE(said);
  CHECK(*said->until >= scene.clock.now() + 24h * 99);
  CHECK(*said->until <= scene.clock.now() + 24h * 101);
  const auto calls = scene.provider->calls;
  WHEN("it is renewed") {
    REQUIRE(scene.run().empty());
    CHECK(scene.provider->calls == calls);
    CHECK(values_at(scene, of_record) == values);
    CHECK(scene.state().issued->generation == 2);
  }
  WHEN("somebody has removed the record meanwhile") {
    scene.provider->values.clear();
    REQUIRE(scene.run().empty());
    CHECK(values_at(scene, of_record) == values);
  }
  WHEN("it is about to end") {
    scene.clock.advance(24h * 100);
    scene.ca.set_expires("");
    scene.settings.account_key = crypto::KeyType::ecdsa_p256;
    scene.ca.issue_by([&scene](const FakeCa::Issuance& issuance) {
      test::CertificateFacts facts;
      facts.not_before = std::chrono::time_point_cast<std::chrono::seconds>(scene.clock.now());
      facts.not_after = facts.not_before + std::chrono::hours(24 * 90);
      return scene.leaf(issuance, facts) + scene.issuer.intermediate_pem();
    });
    REQUIRE(scene.run().empty());
    REQUIRE(values_at(scene, of_record).size() == 1);
    CHECK(values_at(scene, of_record) != values);
  }
  WHEN("the name is proved by dns-01 from now on") {
    scene.request.challenges = {dns_01};
    REQUIRE(scene.run().empty());
    CHECK(scene.provider->values.empty());
    CHECK(scene.state().persistent.empty());
  }
}

SCENARIO("a record that the provider refuses is not remembered as one that stands") {
  JourneyScene scene;
  offer(scene, {"dns-persist-01"});
  scene.request.challenges = {dns_persist_01};
  scene.provider->refuses = true;
  CHECK_THAT(scene.run(), StartsWith("http:403"));
  CHECK(scene.state().persistent.empty());
  CHECK(scene.state().values.empty());
  scene.provider->refuses = false;
  CHECK(scene.run().empty());
  CHECK(values_at(scene, of_record).size() == 1);
}

SCENARIO("the record has the account's digest where the CA wants that, and the wildcard only where one is wanted") {
  JourneyScene scene;
  scene.request.challenges = {dns_persist_01};
  scene.request.domains = {"example.test", "*.example.test"};
  const dns::Name at("_validation-persist.example.test");
  WHEN("the CA has the draft's former version") {
    offer(scene, {"dns-persist-01"});
    REQUIRE(scene.run().empty());
    CHECK(values_at(scene, at) ==
          std::vector{fmt::format("ca.test; accounturi={}; policy=wildcard", account_url(scene))});
  }
  WHEN("it has the latest one") {
    offer(scene, {"dns-persist-01"}, true);
    REQUIRE(scene.run().empty());
    REQUIRE(values_at(scene, at).size() == 1);
    CHECK_THAT(values_at(scene, at).front(), StartsWith(fmt::format("ca.test; accounturi={}sha-256/", hash_prefix)));
  }
  CHECK(scene.provider->calls == 1);
}

SCENARIO("a CA whose words make no record is told so, and nothing is written") {
  JourneyScene scene;
  scene.request.challenges = {dns_persist_01};
  WHEN("it does not say what the digest begins with") {
    offer(scene, {"dns-persist-01"}, true);
    scene.ca.set_directory("meta", json::Object());
    CHECK_THAT(scene.run(), StartsWith("acme:persist") && Contains("accountHashPrefix"));
  }
  WHEN("its challenge lacks a name by which its directory calls it") {
    offer(scene, {"dns-persist-01"}, true);
    scene.ca.set_directory("meta", json::Object{{"accountHashPrefix", hash_prefix},
                                                {"issuerDomainNames", json::Array{"ca.test", "new.test"}}});
    CHECK_THAT(scene.run(), StartsWith("acme:persist") && Contains("does not name the issuer new.test"));
  }
  WHEN("it names too many issuers, or none that is a name") {
    for (const auto& names : {json::Array(11, "ca.test"), json::Array{}, json::Array{"ca.test; accounturi=x"}}) {
      scene.ca.change_answers("authorization", [names](const FakeCa::Seen&, Reply usual) {
        auto body = *json::parse(usual.body).value().as_object();
        auto challenge = *body.at("challenges").elements().front().as_object();
        challenge["type"] = "dns-persist-01";
        challenge["issuer-domain-names"] = names;
        body["challenges"] = json::Array{challenge};
        usual.body = json::dump(body);
        return usual;
      });
      CHECK_THAT(scene.run(), StartsWith("acme:no-challenge"));
    }
  }
  CHECK(scene.provider->calls == 0);
}

SCENARIO("a record that calls the CA by another of its names stands, and one of another CA does not") {
  const std::vector<store::PersistentRecord> records = {{{"bind",
                                                          "example.test",
                                                          "",
                                                          "_validation-persist.www.example.test",
                                                          "Other.test; accounturi=https://ca.test/1",
                                                          {}},
                                                         "www.example.test",
                                                         "https://ca.test/dir"}};
  const Persistence wanted{"ca.test", "https://ca.test/1", false, {}};
  const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27));
  const auto standing = [&](const std::vector<std::string>& names) {
    return standing_value(records, "https://ca.test/dir", "www.example.test", wanted, names, now);
  };
  CHECK(standing({"ca.test", "other.test"}) == records[0].txt.value);
  CHECK_FALSE(standing({"ca.test"}));
}

SCENARIO("what names the account in a record is what the draft's vectors say") {
  acme::Challenge challenge;
  challenge.names_account_by_digest = true;
  const Prover prover{"https://ca.example/acct/123", "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "p/"};
  CHECK(account_uri(challenge, prover, "example.com") == "p/sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw");
  challenge.names_account_by_digest = false;
  CHECK(account_uri(challenge, prover, "example.com") == "https://ca.example/acct/123");
}

SCENARIO("a record is renewed before it ends, and the former one is removed when the new one is everywhere") {
  Kept scene;
  scene.live(1h);
  const auto first = values_at(scene, of_record);
  REQUIRE(first.size() == 1);
  std::size_t most = 0;
  scene.on_txt = [&] { most = std::max(most, values_at(scene, of_record).size()); };
  scene.live(24h * 190);
  CHECK(values_at(scene, of_record) == first);
  scene.live(24h * 20);
  const auto second = values_at(scene, of_record);
  REQUIRE(second.size() == 1);
  CHECK(second != first);
  CHECK(most == 2);
  CHECK(*Persistence::parse(second[0])->until > *Persistence::parse(first[0])->until);
  CHECK(scene.state().persistent.size() == 1);
  CHECK(scene.keeper->troubles().empty());
}

SCENARIO("a record that the configuration no longer wants is removed at once") {
  Kept scene;
  scene.live(1h);
  REQUIRE(values_at(scene, of_record).size() == 1);
  scene.restart({dns_01});
  scene.live(1h);
  CHECK(scene.provider->values.empty());
  CHECK(scene.state().persistent.empty());
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("a certificate of another profile than is wanted is renewed, once, whether the CA offers it or not") {
  Kept scene;
  scene.live(1h);
  REQUIRE(scene.ca.orders() == 1);
  scene.profile = {"shortlived", false};
  scene.restart({dns_persist_01});
  scene.live(24h);
  CHECK(scene.ca.orders() == 2);
  scene.restart({dns_persist_01});
  scene.live(24h);
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("nobody waits for the DNS longer than the CA's authorization lives") {
  JourneyScene scene;
  scene.hidden_answers = 1000000;
  const auto ends = scene.clock.now() + 2min;
  scene.ca.change_answers("authorization", [ends](const FakeCa::Seen&, Reply usual) {
    auto body = *json::parse(usual.body).value().as_object();
    body["expires"] = to_rfc3339(ends);
    usual.body = json::dump(body);
    return usual;
  });
  CHECK_THAT(scene.run(),
             StartsWith("dns:propagation") && Contains("since the CA's authorization expires at " + to_rfc3339(ends)));
  CHECK(scene.clock.now() < ends);
  CHECK(scene.ca.count("challenge") == 0);
}

}  // namespace acmed::issue
