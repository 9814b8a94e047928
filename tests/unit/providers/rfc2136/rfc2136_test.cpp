// SPDX-License-Identifier: Apache-2.0
#include "providers/rfc2136/rfc2136.h"

#include <fmt/format.h>

#include "base/runtime/scope.h"
#include "dns/wire.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"
#include "tests/unit/providers/rfc2136/fake_primary.h"

using namespace acmed;
using namespace acmed::providers;
using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;

namespace {

const dns::Name example("example.test");
const dns::TsigKey key{dns::Name("acmed"), crypto::Digest::sha256, Secret("secret")};

dns::Name name_at(int i) {
  return dns::Name(fmt::format("_acme-challenge.h{}.example.test", i));
}

std::vector<TxtChange> adds(int count) {
  std::vector<TxtChange> changes;
  for (int i = 0; i < count; ++i) changes.push_back({Action::add, name_at(i), std::string(43, 'v'), 60s});
  return changes;
}

struct Scene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Time start = clock.now();
  Loop loop{clock};
  dns::fake::NameServer resolver{loop, "127.0.1.7"};
  FakePrimary primary{loop, "127.0.1.1", example, key};
  dns::Discovery discovery{loop, {resolver.endpoint()}, dns::fake::port()};
  Rfc2136 provider{"bind", configured(fmt::format("127.0.1.1:{}", dns::fake::port())), loop, discovery};

  static config::Rfc2136 configured(const std::string& server) {
    return {server, config::Tsig{key.name.text(), key.algorithm, key.secret}};
  }

  std::string apply(std::vector<TxtChange> changes) {
    return outcome_of([&] { run(loop, provider.apply({example, {}}, std::move(changes))); });
  }
};

Task<> find_zones(Rfc2136* provider, int count) {
  std::vector<Task<std::optional<Zone>>> tasks;
  for (int i = 0; i < count; ++i) {
    tasks.push_back(provider->zone_of(dns::Name(fmt::format("name-{}.example.test", i))));
  }
  co_await when_all(std::move(tasks));
}

}  // namespace

SCENARIO("all changes of a zone travel in one message") {
  Scene scene;
  WHEN("they are few") {
    CHECK(scene.apply(adds(3)) == "made");
    CHECK(scene.primary.updates == 1);
    CHECK(scene.primary.tcp_updates == 0);
  }
  WHEN("they do not fit into a datagram") {
    CHECK(scene.apply(adds(100)) == "made");
    CHECK(scene.primary.updates == 1);
    CHECK(scene.primary.tcp_updates == 1);
  }
  WHEN("they do not fit into a message") {
    CHECK(scene.apply(adds(1500)) == "made");
    CHECK(scene.primary.updates == 5);
    CHECK(scene.primary.largest_update <= dns::largest_message);
    CHECK(scene.primary.values.size() == 1500);
  }
  WHEN("they are as many as a server is said to show at once, and long") {
    const std::string label(60, 'n');
    std::vector<TxtChange> changes;
    for (std::size_t i = 0; i < scene.provider.changes_as_a_whole(); ++i) {
      const dns::Name name(fmt::format("_acme-challenge.h{}.{}.{}.{}.example.test", i, label, label, label));
      changes.push_back({Action::add, name, std::string(2000, 'v'), 60s});
    }
    CHECK(scene.apply(changes) == "made");
    CHECK(scene.primary.updates == 1);
  }
  WHEN("there are none") {
    CHECK(scene.apply({}) == "made");
    CHECK(scene.primary.updates == 0);
  }
}

SCENARIO("one name that is refused does not keep the others back") {
  Scene scene;
  WHEN("the key may not change it") {
    scene.primary.denied = {name_at(2)};
    const auto outcome = scene.apply(adds(8));
    CHECK(
        outcome ==
        fmt::format("refused dns:REFUSED server 127.0.1.1:{} refuses key acmed to change TXT at "
                    "_acme-challenge.h2.example.test in zone example.test: grant it with update-policy {{ grant acmed "
                    "name _acme-challenge.h2.example.test TXT; }} (BIND) or pdnsutil add-meta example.test "
                    "TSIG-ALLOW-DNSUPDATE acmed (PowerDNS); if it has that right, the zone is frozen (rndc thaw "
                    "example.test), or a copy: name its primary as `server`",
                    dns::fake::port()));
    CHECK(scene.primary.values.size() == 7);
    CHECK(scene.primary.updates == 7);  // 8, then halves: 4+4, 2+2, 1+1
  }
  WHEN("it is for a TLSA record") {
    const dns::Name service("_25._tcp.mail.example.test");
    scene.primary.denied = {service};
    TxtChange tlsa{Action::add, service, "3 1 1 ab", 300s};
    tlsa.type = dns::Type::tlsa;
    CHECK_THAT(scene.apply({tlsa}), Contains("to change TLSA at _25._tcp.mail.example.test") &&
                                        Contains("grant acmed name _25._tcp.mail.example.test TLSA; }"));
  }
  WHEN("a CNAME stands there") {
    scene.primary.aliases = {name_at(0)};
    CHECK_THAT(scene.apply(adds(2)),
               StartsWith("refused dns:YXRRSET") && Contains("a CNAME stands at _acme-challenge.h0.example.test"));
    CHECK(scene.primary.values.size() == 1);
  }
  WHEN("it is in another zone") {
    auto changes = adds(2);
    changes.push_back({Action::add, dns::Name("_acme-challenge.other.test"), "value", 60s});
    CHECK_THAT(scene.apply(changes), StartsWith("refused dns:NOTZONE") && Contains("_acme-challenge.other.test"));
    CHECK(scene.primary.values.size() == 2);
  }
  WHEN("all are refused") {
    for (int i = 0; i < 20; ++i) scene.primary.denied.insert(name_at(i));
    CHECK_THAT(scene.apply(adds(20)), Contains("and 12 more"));
    CHECK(scene.primary.updates == 39);
  }
}

SCENARIO("what concerns the whole zone says what to mend") {
  Scene scene;
  const std::pair<dns::Rcode, std::string> cases[] = {
      {dns::Rcode::servfail, "retry dns:SERVFAIL"},   {dns::Rcode::notauth, "refused dns:NOTAUTH"},
      {dns::Rcode::notimp, "refused dns:NOTIMP"},     {dns::Rcode::formerr, "refused dns:FORMERR"},
      {dns::Rcode::yxdomain, "refused dns:YXDOMAIN"},
  };
  for (const auto& [rcode, expected] : cases) {
    scene.primary.rcode = rcode;
    scene.primary.updates = 0;
    CHECK_THAT(scene.apply(adds(5)), StartsWith(expected + " server 127.0.1.1"));
    // A single name might be what it fails at: a few halves are tried.
    CHECK(scene.primary.updates == (rcode == dns::Rcode::servfail ? 5 : 1));
  }
  scene.primary.rcode = dns::Rcode::notauth;
  CHECK_THAT(scene.apply(adds(1)), Contains("is not primary for zone example.test"));
}

SCENARIO("trouble with the key is told apart") {
  Scene scene;
  WHEN("the server does not know it") {
    scene.primary.tsig_error = 17;
    CHECK_THAT(scene.apply(adds(1)),
               StartsWith("refused tsig:BADKEY server 127.0.1.1") && Contains("does not know the TSIG key acmed"));
  }
  WHEN("the secret is another") {
    scene.primary.tsig_error = 16;
    CHECK_THAT(scene.apply(adds(1)), StartsWith("refused tsig:BADSIG"));
    CHECK(scene.clock.now() == scene.start);
  }
  WHEN("the clock is another") {
    scene.primary.tsig_error = 18;
    dns::append_u48(scene.primary.tsig_other,
                    static_cast<std::uint64_t>(
                        std::chrono::floor<std::chrono::seconds>(scene.start - 1000s).time_since_epoch().count()));
    CHECK_THAT(scene.apply(adds(1)), StartsWith("retry tsig:BADTIME") && Contains("differ by 1000 s"));
  }
  WHEN("the answer is not signed") {
    scene.primary.signs = false;
    CHECK_THAT(scene.apply(adds(1)), StartsWith("refused tsig:unsigned server 127.0.1.1"));
  }
  WHEN("somebody else answers in the server's place") {
    scene.primary.forged_first = 1;
    THEN("the server's own answer counts") {
      CHECK(scene.apply(adds(1)) == "made");
      CHECK(scene.clock.now() == scene.start + 1s);
    }
  }
  WHEN("nobody but somebody else answers") {
    scene.primary.forged_first = 100;
    CHECK_THAT(scene.apply(adds(1)), StartsWith("retry tsig:forged the answer of server 127.0.1.1"));
    CHECK(scene.primary.updates == 4);
  }
}

SCENARIO("whether the server takes the key is known without an update") {
  Scene scene;
  std::optional<std::string> warning;
  const auto check = [&] { return outcome_of([&] { warning = run(scene.loop, scene.provider.check_credentials()); }); };
  WHEN("it does") {
    CHECK(check() == "made");
    CHECK_FALSE(warning);
  }
  WHEN("it does not know it, as one that passes updates on") {
    scene.primary.question_error = 17;
    CHECK(check() == "made");
    CHECK_THAT(warning.value_or(""), Contains("does not know the TSIG key acmed") && Contains("passes updates on"));
  }
  WHEN("it knows another secret") {
    scene.primary.question_error = 16;
    CHECK_THAT(check(), StartsWith("refused tsig:BADSIG"));
  }
  WHEN("it signs nothing") {
    scene.primary.signs = false;
    CHECK(check() == "made");
    CHECK_FALSE(warning);
  }
  CHECK(scene.primary.updates == 0);
}

SCENARIO("without an answer the same is sent again") {
  Scene scene;
  WHEN("the second time brings one") {
    scene.primary.deaf_for = 1;
    CHECK(scene.apply(adds(1)) == "made");
    CHECK(scene.primary.updates == 3);  // the second finds what the first has added, and is taken for somebody's
    CHECK(scene.clock.now() == scene.start + 1s);
  }
  WHEN("the server stays deaf") {
    scene.primary.deaf_for = 100;
    CHECK_THAT(scene.apply(adds(1)), StartsWith("retry dns:timeout") && Contains("whether it was made is not known"));
    CHECK(scene.primary.updates == 4);
    CHECK(scene.primary.tcp_updates == 1);
    CHECK(scene.clock.now() <= scene.start + 15s);
  }
  WHEN("the answer is cut") {
    scene.primary.cuts_datagrams = true;
    CHECK(scene.apply(adds(1)) == "made");
    CHECK(scene.primary.tcp_updates == 1);
    CHECK(scene.clock.now() == scene.start);
  }
  WHEN("the answer is garbage") {
    scene.primary.garbles = true;
    CHECK_THAT(scene.apply(adds(1)), StartsWith("retry dns:timeout") && Contains("garbage"));
  }
  WHEN("nobody listens there") {
    Rfc2136 elsewhere("bind", Scene::configured("127.0.1.9"), scene.loop, scene.discovery);
    CHECK_THAT(outcome_of([&] {
                 run(scene.loop, elsewhere.apply({example, {}}, adds(1)));
               }),
               StartsWith("retry dns:timeout") && Contains("connection refused"));
    CHECK(scene.clock.now() == scene.start);
  }
}

SCENARIO("the server may be a host name with several addresses") {
  Scene scene;
  const auto server = fmt::format("ns.example.test:{}", dns::fake::port());
  scene.resolver.say("ns.example.test", dns::Type::a,
                     {.answer = {dns::fake::address("ns.example.test", "127.0.1.9"),
                                 dns::fake::address("ns.example.test", "127.0.1.1")}});
  Rfc2136 provider("bind", Scene::configured(server), scene.loop, scene.discovery);
  CHECK(run(scene.loop, provider.zone_of(name_at(1)))->apex == example);
  run(scene.loop, provider.apply({example, {}}, adds(1)));
  CHECK(scene.primary.updates == 1);

  WHEN("it has none") {
    scene.resolver.say("nowhere.test", dns::Type::a, {.rcode = dns::Rcode::nxdomain});
    scene.resolver.say("nowhere.test", dns::Type::aaaa, {.rcode = dns::Rcode::nxdomain});
    Rfc2136 nowhere("bind", Scene::configured("nowhere.test"), scene.loop, scene.discovery);
    CHECK_THAT(outcome_of([&] { run(scene.loop, nowhere.zone_of(name_at(1))); }),
               StartsWith("refused dns:no-address") && Contains("nowhere.test has no address"));
  }
}

SCENARIO("the zone is what the server itself says") {
  Scene scene;
  dns::fake::NameServer odd(scene.loop, "127.0.1.2");
  Rfc2136 provider("bind", {odd.endpoint().text(), std::nullopt}, scene.loop, scene.discovery);
  const dns::Name name("_acme-challenge.example.test");
  const auto zone = [&] { return run(scene.loop, provider.zone_of(name)); };

  WHEN("the name is an apex itself") {
    odd.say(name.text(), dns::Type::soa, {.answer = {dns::fake::soa(name.text())}});
    CHECK(zone()->apex == name);
  }
  WHEN("the name is an alias") {
    odd.say(name.text(), dns::Type::soa,
            {.answer = {dns::fake::cname(name.text(), "x.other.test")}, .authority = {dns::fake::soa("other.test")}});
    odd.say("example.test", dns::Type::soa, {.answer = {dns::fake::soa("example.test")}});
    CHECK(zone()->apex == example);
  }
  WHEN("it answers from a cache") {
    odd.say(name.text(), dns::Type::soa, {.authoritative = false, .authority = {dns::fake::soa("example.test")}});
    CHECK_FALSE(zone());
  }
  WHEN("it refuses") {
    CHECK_FALSE(zone());
  }
  WHEN("it refuses without a signature what was signed, as Knot does") {
    Rfc2136 with_key("bind", Scene::configured(odd.endpoint().text()), scene.loop, scene.discovery);
    CHECK_FALSE(run(scene.loop, with_key.zone_of(name)));
    THEN("a server that knows the zone is believed: its answer to the update has to be signed") {
      odd.say("_acme-challenge.www.example.test", dns::Type::soa, {.authority = {dns::fake::soa("example.test")}});
      CHECK(run(scene.loop, with_key.zone_of(dns::Name("_acme-challenge.www.example.test")))->apex == example);
    }
  }
  WHEN("it fails") {
    odd.say(name.text(), dns::Type::soa, {.rcode = dns::Rcode::servfail});
    CHECK_THAT(outcome_of(zone), StartsWith("retry dns:timeout") && Contains("SERVFAIL"));
  }
  WHEN("a name is delegated, and one beside it is not") {
    const dns::Name delegated("a.example.test");
    const dns::Name beside("b.example.test");
    odd.say(delegated.text(), dns::Type::soa, {.answer = {dns::fake::soa(delegated.text())}});
    odd.say(beside.text(), dns::Type::soa, {.authority = {dns::fake::soa("example.test")}});
    odd.say(name.text(), dns::Type::soa, {.answer = {dns::fake::soa(name.text())}});
    CHECK(run(scene.loop, provider.zone_of(delegated))->apex == delegated);
    CHECK(run(scene.loop, provider.zone_of(beside))->apex == example);
    CHECK(zone()->apex == name);
  }
  WHEN("many names with one parent are asked for") {
    odd.handle([](std::string_view request, FakePrimary::Transport) {
      return dns::fake::reply_to(request,
                                 {.rcode = dns::Rcode::nxdomain, .authority = {dns::fake::soa("example.test")}});
    });
    run(scene.loop, find_zones(&provider, 100));
    CHECK(odd.asked_in_all() == 1);
  }
}

SCENARIO("a server that does not tell its zone may take updates nevertheless") {
  Scene scene;
  const auto zone = [&] { return run(scene.loop, scene.provider.zone_for(name_at(1), example)); };
  WHEN("it lacks the key, as a secondary that passes updates on") {
    scene.primary.question_error = 17;
    CHECK(zone()->apex == example);
    CHECK(run(scene.loop, scene.provider.name_servers({example, {}})) == std::set{dns::Name("ns1.example.test")});
  }
  WHEN("it answers no questions") {
    scene.primary.answers_nothing = true;
    THEN("the zone is the DNS's") {
      CHECK(zone()->apex == example);
      CHECK_FALSE(run(scene.loop, scene.provider.zone_of(name_at(1))));
      CHECK_FALSE(run(scene.loop, scene.provider.zone_for(name_at(1), dns::Name("test"))));
    }
    THEN("the configuration may tell it") {
      auto settings = Scene::configured(scene.primary.endpoint().text());
      settings.zone = "example.test";
      Rfc2136 told("bind", settings, scene.loop, scene.discovery);
      CHECK(run(scene.loop, told.zone_of(name_at(1)))->apex == example);
      CHECK_FALSE(run(scene.loop, told.zone_of(dns::Name("_acme-challenge.other.test"))));
    }
  }
}

SCENARIO("of two zones on a server that hold a name, the one that the DNS shows is changed") {
  Scene scene;
  dns::fake::NameServer both(scene.loop, "127.0.1.2");
  Rfc2136 provider("bind", {both.endpoint().text(), std::nullopt}, scene.loop, scene.discovery);
  const dns::Name name("_acme-challenge.www.sub.example.test");
  both.say(name.text(), dns::Type::soa, {.authority = {dns::fake::soa("sub.example.test")}});
  both.say("example.test", dns::Type::soa, {.answer = {dns::fake::soa("example.test")}});
  CHECK(run(scene.loop, provider.zone_for(name, example))->apex == example);
  CHECK(run(scene.loop, provider.zone_for(name, dns::Name("sub.example.test")))->apex == dns::Name("sub.example.test"));
  // Not there: the caller compares.
  CHECK(run(scene.loop, provider.zone_for(name, dns::Name("test")))->apex == dns::Name("sub.example.test"));
}

SCENARIO("a name that the server fails at keeps no other one back") {
  Scene scene;
  scene.primary.most_values = 3;
  for (const auto* value : {"a", "b", "c"}) scene.primary.values[name_at(5)].insert(value);
  const auto outcome = scene.apply(adds(8));
  CHECK_THAT(outcome, StartsWith("retry dns:SERVFAIL server 127.0.1.1") && Contains(name_at(5).text()) &&
                          Contains("too many values") && !Contains(name_at(4).text()));
  CHECK(scene.primary.values[name_at(4)].size() == 1);
  CHECK(scene.primary.values[name_at(7)].size() == 1);
}

SCENARIO("the TTL of what others have at a name stays as it is") {
  Scene scene;
  scene.primary.values[name_at(0)] = {"theirs"};
  scene.primary.ttls[name_at(0)] = 3600;
  CHECK(scene.apply(adds(2)) == "made");
  CHECK(scene.primary.ttls[name_at(0)] == 3600);
  CHECK(scene.primary.ttls[name_at(1)] == 60);
  CHECK(scene.primary.values[name_at(0)].size() == 2);
  WHEN("only ours stand there") {
    const auto before = scene.primary.updates;
    CHECK(scene.apply({{Action::add, name_at(1), "another", 60s}}) == "made");
    CHECK(scene.primary.updates == before + 1);
  }
}
