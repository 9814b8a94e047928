// SPDX-License-Identifier: Apache-2.0
#include "daemon/dns_check.h"

#include <algorithm>

#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/providers/rfc2136/fake_primary.h"
#include "tests/unit/temporary_folder.h"

namespace acmed {
namespace {

using Catch::Contains;
using dns::Type;
using dns::fake::Answer;

const dns::Name example("example.test");
constexpr const char* challenge = "_acme-challenge.www.example.test";

Answer says(std::vector<std::string> records) {
  return {.answer = std::move(records)};
}

/// A CAA record (RFC 8659 §4.1).
std::string caa(const std::string& owner, const std::string& tag, const std::string& value) {
  return dns::fake::record(owner, Type{257}, std::string(1, '\0') + static_cast<char>(tag.size()) + tag + value);
}

/// www.example.test by a primary that is the zone's only name server.
struct Scene {
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22))};
  Loop loop{clock};
  dns::fake::NameServer resolver{loop, "127.0.1.7"};
  dns::fake::NameServer parent{loop, "127.0.1.4"};
  providers::FakePrimary primary{loop, "127.0.1.1", example, std::nullopt};
  config::Config config;

  Scene() {
    for (const std::string name : {"test", "example.test", "www.example.test", "ns1.example.test", "ns.test"}) {
      resolver.say(name, Type::soa,
                   {.authority = {dns::fake::soa(name.ends_with("example.test") ? "example.test" : "test")}});
      for (const auto type : {Type::a, Type::aaaa, Type::ns, Type{257}}) resolver.say(name, type, says({}));
    }
    resolver.say("example.test", Type::ns, says({dns::fake::ns("example.test", "ns1.example.test")}));
    resolver.say("ns1.example.test", Type::a, says({dns::fake::address("ns1.example.test", "127.0.1.1")}));
    resolver.say("test", Type::ns, says({dns::fake::ns("test", "ns.test")}));
    resolver.say("ns.test", Type::a, says({dns::fake::address("ns.test", "127.0.1.4")}));
    delegate_to("ns1.example.test");
    config.resolvers = {resolver.endpoint().text()};
    config::Provider provider;
    provider.name = "bind";
    provider.zones = {"example.test"};
    provider.settings = config::Rfc2136{primary.endpoint().text(), std::nullopt};
    config.routes.add({"example.test", "bind"});
    config.providers.push_back(std::move(provider));
    config::Ca ca;
    ca.name = "lab";
    ca.directory = "https://127.0.0.1:1/dir";
    config.cas.emplace("lab", std::move(ca));
    config::Certificate certificate;
    certificate.name = "web";
    certificate.domains = {"www.example.test"};
    certificate.ca = "lab";
    config.certificates.push_back(std::move(certificate));
  }

  void delegate_to(const std::string& host) {
    parent.say("example.test", Type::ns, {.authoritative = false, .authority = {dns::fake::ns("example.test", host)}});
  }

  std::string look() {
    DnsCheck check(loop, config, dns::fake::port());
    const auto all = run(loop, check.run({}));
    run(loop, check.close());
    std::string text;
    for (const auto& findings : all) text += text_of(findings);
    CHECK(primary.updates == 0);
    return text;
  }
};

}  // namespace

SCENARIO("what a proof depends on is told, and nothing is changed") {
  Scene scene;
  const auto text = scene.look();
  CHECK_THAT(text, Contains("www.example.test (certificate web)\n") &&
                       Contains("  ok       _acme-challenge.www.example.test is in the zone example.test") &&
                       Contains("  ok       provider bind would write into its zone example.test") &&
                       Contains("  ok       example.test is delegated to ns1.example.test") &&
                       Contains("  ok       ns1.example.test (127.0.1.1") && Contains(": 0 TXT values, serial 7") &&
                       Contains("  ok       no CAA record restricts who may issue for www.example.test"));
  CHECK_THAT(text, !Contains("warning") && !Contains("wrong"));
}

SCENARIO("the name that is looked at is the one at which the configured challenge is proved") {
  Scene scene;
  TemporaryFolder folder;
  scene.config.state_directory = folder.path() / "state";
  auto& certificate = scene.config.certificates.front();
  WHEN("it is a record that stays") {
    certificate.challenges = {config::ChallengeType::dns_persist_01};
    scene.primary.values[dns::Name("_validation-persist.www.example.test")] = {"lab; accounturi=x"};
    const auto text = scene.look();
    CHECK_THAT(text, Contains("  ok       _validation-persist.www.example.test is in the zone example.test") &&
                         Contains(": 1 TXT values") && !Contains("warning"));
  }
  WHEN("the account decides, and there is none yet") {
    certificate.challenges = {config::ChallengeType::dns_account_01};
    CHECK_THAT(scene.look(),
               Contains("  warning  where dns-account-01 proves www.example.test is not known before acmed "
                        "has an account at CA lab: _acme-challenge.www.example.test was looked at") &&
                   Contains("  ok       _acme-challenge.www.example.test is in the zone example.test"));
  }
  WHEN("the account decides") {
    certificate.challenges = {config::ChallengeType::dns_account_01};
    store::StateDirectory state(scene.config.state_directory);
    store::Account account;
    account.identity = {scene.config.cas.at("lab").directory, "", "ecdsa-p256"};
    account.key_pem = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256).to_pem();
    account.url = "https://example.com/acme/acct/ExampleAccount";
    run(scene.loop, state.store.save_account(account));
    CHECK_THAT(scene.look(),
               Contains("  ok       _ujmmovf2vn55tgye._acme-challenge.www.example.test is in the zone example.test"));
  }
}

SCENARIO("of names that are delegated nothing is looked at") {
  Scene scene;
  scene.config.certificates.front().delegation = config::only_delegation;
  const auto text = scene.look();
  CHECK_THAT(text, Contains("  ok       www.example.test is delegated: its owner proves it and chooses the CA"));
  CHECK(std::ranges::count(text, '\n') == 2);
  CHECK(scene.resolver.asked_in_all() == 0);
}

SCENARIO("TLSA records are compared with what acmed has put there, at each name server") {
  const std::string name = "_25._tcp.www.example.test";
  Scene scene;
  TemporaryFolder folder;
  scene.config.state_directory = folder.path() / "state";
  scene.config.certificates.front().dane.names = {name};
  WHEN("acmed has put none there yet") {
    const auto text = scene.look();
    CHECK_THAT(text, Contains(name + " (certificate web)\n") &&
                         Contains("  ok       provider bind would write TLSA records into its zone example.test") &&
                         Contains("  warning  acmed has put no TLSA record at " + name + " yet: acmed --once web"));
  }
  WHEN("somebody has removed one") {
    store::StateDirectory state(scene.config.state_directory);
    store::TlsaValue value;
    value.name = name;
    value.value = "3 1 1 ab";
    value.usable = scene.clock.now();
    store::Certificate certificate;
    certificate.dane = store::Dane();
    certificate.dane->values = {value};
    run(scene.loop, state.store.save_certificate("web", certificate));
    CHECK_THAT(scene.look(), Contains("  wrong    ns1.example.test (127.0.1.1") &&
                                 Contains("does not show the TLSA record 3 1 1 ab at " + name) &&
                                 Contains("at once by: acmed --once web"));
  }
}

SCENARIO("what would fail a proof is told with its mend") {
  Scene scene;
  WHEN("the parent delegates the zone to others") {
    scene.delegate_to("ns9.example.test");
    CHECK_THAT(scene.look(), Contains("  warning  the parent of example.test delegates it to ns9.example.test, but the "
                                      "zone itself names ns1.example.test"));
  }
  WHEN("the provider has the zone of another operator") {
    scene.primary.name_server = "ns.former.test";
    CHECK_THAT(scene.look(), Contains("  wrong    ") && Contains("ns.former.test"));
  }
  WHEN("a value is left over") {
    scene.primary.values[dns::Name(challenge)] = {"left"};
    CHECK_THAT(scene.look(), Contains("  warning  1 TXT values stand at _acme-challenge.www.example.test already"));
  }
  WHEN("the domain admits another CA") {
    scene.resolver.say("example.test", Type{257}, says({caa("example.test", "issue", "other.test; x=y")}));
    CHECK_THAT(scene.look(),
               Contains("  warning  CAA (issue) at example.test admits other.test; CA lab does not tell"));
    AND_WHEN("there is a CA for when that one does not issue") {
      scene.config.cas["second"] = scene.config.cas.at("lab");
      scene.config.certificates.front().fallback_cas = {"second"};
      CHECK_THAT(scene.look(), Contains("CA lab does not tell") && Contains("CA second does not tell"));
    }
  }
  WHEN("no provider serves the name") {
    scene.config.routes = {};
    CHECK_THAT(scene.look(), Contains("  wrong    no provider serves _acme-challenge.www.example.test"));
  }
  WHEN("the zone's servers do not answer") {
    scene.primary.answers_nothing = true;
    CHECK_THAT(scene.look(), Contains("  wrong    no name server of the zone example.test answers"));
  }
}

}  // namespace acmed
