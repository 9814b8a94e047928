// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/powerdns.h"

#include <fmt/format.h>

#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"
#include "tests/unit/providers/conformance.h"
#include "tests/unit/providers/powerdns/fake_powerdns.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::FakePowerDns;
using Records = std::vector<FakePowerDns::Record>;
using Words = std::vector<std::string>;

namespace {

const std::string name = "_acme-challenge.example.test";

TxtChange adding(const std::string& value, const std::string& at = name) {
  return {Action::add, dns::Name(at), value, 60s};
}
TxtChange removing(const std::string& value, const std::string& at = name) {
  return {Action::remove, dns::Name(at), value, {}};
}

struct Scene {
  explicit Scene(const std::string& version = "4.7.3", bool extends = false) : server(version, extends) {}

  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Loop loop{clock};
  FakePowerDns server;
  config::PowerDns settings{server.url(), Secret("key"), "localhost", {}};
  PowerDns provider{"pdns", {"example.test"}, settings, loop};

  std::string apply(std::vector<TxtChange> changes) {
    return outcome_of([&] { run(loop, provider.apply({dns::Name("example.test"), "example.test."}, changes)); });
  }
  std::string zone_of(const std::string& of) {
    std::optional<Zone> zone;
    const auto outcome = outcome_of([&] { zone = run(loop, provider.zone_of(dns::Name(of))); });
    if (outcome != "made") return outcome;
    return zone ? zone->apex.text() : "none";
  }
};

/// A stage for the conformance suite, on the host's clock.
class PowerDnsStage final : public Stage {
 public:
  PowerDnsStage(const std::string& version, bool extends) : server_(version, extends) {}

  Loop& loop() override { return loop_; }
  std::unique_ptr<Provider> make_provider() override {
    return std::make_unique<PowerDns>("pdns", std::vector<std::string>{"example.test"},
                                      config::PowerDns{server_.url(), Secret(key_), "localhost", {}}, loop_);
  }
  dns::Name zone() override { return dns::Name("example.test"); }
  std::set<std::string> values_at(const dns::Name& at) override {
    std::set<std::string> values;
    for (const auto& record : server_.at(at.text()).records) {
      // The fake keeps contents as they came; all that the suite uses are told apart by what a strict reader makes of
      // it.
      std::string value;
      for (std::size_t i = 1; i + 1 < record.content.size(); ++i) {
        if (record.content[i] == '\\') ++i;
        value += record.content[i];
      }
      values.insert(value);
    }
    return values;
  }
  void put(const dns::Name& at, const std::string& value) override {
    server_.put(at.text(), {60, {{"\"" + value + "\"", false}}});
  }
  bool fault(Fault fault) override {
    switch (fault) {
      case Fault::credentials:
        key_ = "wrong";
        return true;
      case Fault::throttled:
        server_.instead([](const std::string&) { return test::answer("429 Too Many", "", "slowly"); });
        return true;
      case Fault::garbage:
        server_.instead([](const std::string&) { return test::answer("200 OK", "", "<html>It works!</html>"); });
        return true;
      case Fault::silent:
        break;  // the lab has it
    }
    return false;
  }
  void heal() override {
    key_ = "key";
    server_.instead({});
  }

 private:
  Loop loop_;
  FakePowerDns server_;
  std::string key_ = "key";
};

}  // namespace

// The lab tries it with a real server, which knows no more than REPLACE.
SCENARIO("powerdns does what every provider must, where sets are extended and pruned") {
  PowerDnsStage stage("5.0.2", true);
  check_conformance(stage);
}

SCENARIO("the zone is the longest of the server's that holds the name") {
  Scene scene;
  CHECK(scene.zone_of(name) == "example.test");
  CHECK(scene.zone_of("_acme-challenge.www.example.test") == "example.test");
  CHECK(scene.zone_of("_acme-challenge.other.test") == "test");
  CHECK(scene.zone_of("_acme-challenge.example.org") == "none");
  CHECK(scene.server.count("GET /api/v1/servers/localhost/zones?") == 1);

  WHEN("the server has it as a copy only") {
    CHECK_THAT(scene.zone_of("_acme-challenge.copy.test"),
               StartsWith("refused powerdns:secondary PowerDNS at http://127.0.0.1:") &&
                   Contains("holds zone copy.test only as a copy (Slave)"));
  }
}

SCENARIO("the zones of a server that has too many for one answer are asked for one by one") {
  Scene scene;
  scene.server.instead([](const std::string& line) {
    if (line != "GET /api/v1/servers/localhost/zones?dnssec=false") return std::string();
    return test::answer("200 OK", "", "[" + std::string(std::size_t{2} << 20, ' ') + "]");
  });
  CHECK(scene.zone_of("_acme-challenge.www.example.test") == "example.test");
  CHECK(scene.server.count("GET /api/v1/servers/localhost/zones?dnssec=false&zone=") == 3);
  CHECK(scene.zone_of("_acme-challenge.example.org") == "none");
}

SCENARIO("what others have in a set stays as it is") {
  Scene scene;
  const Records foreign = {{R"("some \"foreign\" \\ text" "in two \195\164 strings")", false}, {"\"off\"", true}};
  scene.server.put(name, {3600, foreign});
  CHECK(scene.apply({adding("one"), adding("two")}) == "made");
  auto expected = foreign;
  expected.push_back({"\"one\"", false});
  expected.push_back({"\"two\"", false});
  CHECK(scene.server.at(name).records == expected);
  CHECK(scene.server.at(name).ttl == 3600);
  CHECK(scene.server.count("PATCH") == 1);

  WHEN("ours go again") {
    CHECK(scene.apply({removing("one"), removing("two")}) == "made");
    CHECK(scene.server.at(name).records == foreign);
    CHECK(scene.server.at(name).ttl == 3600);
  }
  WHEN("all is there already") {
    CHECK(scene.apply({adding("one"), adding("two")}) == "made");
    CHECK(scene.server.count("PATCH") == 1);
  }
}

SCENARIO("sets are extended and pruned where the server can") {
  for (const auto* version : {"4.9.12", "4.9.17", "5.0.2", "5.1.0-alpha1"}) {
    INFO(version);
    Scene scene(version, true);
    scene.server.put(name, {3600, {{"\"foreign\"", false}}});
    CHECK(scene.apply({adding("one"), adding("two")}) == "made");
    CHECK(scene.server.change_types() == Words{"EXTEND", "EXTEND"});
    CHECK(scene.server.count("PATCH") == 1);
    CHECK(scene.apply({removing("one"), adding("three")}) == "made");
    CHECK(scene.server.change_types() == Words{"EXTEND", "EXTEND", "PRUNE", "EXTEND"});
    CHECK(scene.server.at(name).records == Records{{"\"foreign\""}, {"\"two\""}, {"\"three\""}});
    CHECK(scene.server.at(name).ttl == 3600);
  }
  for (const auto* version : {"4.7.3", "4.9.11", "5.0.1", "4.10.0", "a build of mine"}) {
    INFO(version);
    Scene scene(version, false);
    CHECK(scene.apply({adding("one")}) == "made");
    CHECK(scene.server.change_types() == Words{"REPLACE"});
  }
}

SCENARIO("a set with disabled records is replaced, since EXTEND would lose them") {
  for (const auto* version : {"4.9.12", "5.0.2"}) {
    INFO(version);
    Scene scene(version, true);
    scene.server.put(name, {3600, {{"\"off\"", true}}});
    CHECK(scene.apply({adding("one")}) == "made");
    CHECK(scene.server.change_types() == Words{"REPLACE"});
    CHECK(scene.server.at(name).records == Records{{"\"off\"", true}, {"\"one\"", false}});
    CHECK(scene.server.at(name).ttl == 3600);
  }
}

SCENARIO("a server that says no to EXTEND is told to REPLACE") {
  Scene scene("5.0.2", false);
  CHECK(scene.apply({adding("one")}) == "made");
  CHECK(scene.server.change_types() == Words{"EXTEND", "REPLACE"});
  CHECK(scene.apply({adding("two")}) == "made");
  CHECK(scene.server.change_types() == Words{"EXTEND", "REPLACE", "REPLACE"});
}

SCENARIO("what another writer undoes is made again until it stands") {
  Scene scene;
  WHEN("it replaces the set by what it read before") {
    scene.server.after_patch([&](int number) {
      if (number < 3) scene.server.put(name, {60, {{"\"theirs\"", false}}});
    });
    CHECK(scene.apply({adding("ours")}) == "made");
    CHECK(scene.server.at(name).records == Records{{"\"theirs\"", false}, {"\"ours\"", false}});
    CHECK(scene.server.count("PATCH") == 3);
  }
  WHEN("it puts back what was removed") {
    scene.server.put(name, {60, {{"\"ours\"", false}}});
    scene.server.after_patch([&](int number) {
      if (number < 2) scene.server.put(name, {60, {{"\"theirs\"", false}, {"\"ours\"", false}}});
    });
    CHECK(scene.apply({removing("ours")}) == "made");
    CHECK(scene.server.at(name).records == Records{{"\"theirs\"", false}});
  }
  WHEN("it puts back what was not there at the first look") {
    const auto before = scene.clock.now();
    CHECK(scene.apply({removing("ours")}) == "made");
    THEN("there is a second one") {
      CHECK(scene.server.count("GET /api/v1/servers/localhost/zones/") == 2);
      CHECK(scene.clock.now() - before >= 250ms);
    }
  }
  WHEN("it never ends") {
    scene.server.after_patch([&](int) { scene.server.put(name, {}); });
    CHECK_THAT(scene.apply({adding("ours")}),
               StartsWith("retry powerdns:contended PowerDNS at http://") && Contains("zone example.test"));
  }
}

SCENARIO("what is missing is said in a sentence") {
  Scene scene;
  const auto say = [&](const std::string& status, const std::string& headers, const std::string& body) {
    scene.server.instead([=](const std::string&) { return test::answer(status, headers, body); });
  };
  WHEN("the key is wrong") {
    PowerDns provider("pdns", {"example.test"}, {scene.server.url(), Secret("other"), "localhost", {}}, scene.loop);
    const auto outcome = outcome_of([&] { run(scene.loop, provider.check_credentials()); });
    CHECK_THAT(outcome, StartsWith("refused http:401 PowerDNS at http://127.0.0.1:") &&
                            Contains("refuses the api_key of [provider.pdns]") && !Contains("other"));
  }
  WHEN("there is no such server or no API") {
    PowerDns provider("pdns", {"example.test"}, {scene.server.url(), Secret("key"), "other", {}}, scene.loop);
    CHECK_THAT(outcome_of([&] { return run(scene.loop, provider.zone_of(dns::Name(name))); }),
               StartsWith("refused http:404") && Contains("has no API for a server \"other\": set api=yes"));
  }
  WHEN("the zone is gone") {
    CHECK_THAT(outcome_of([&] {
                 run(scene.loop, scene.provider.apply({dns::Name("gone.test"), "gone.test."}, {adding("x")}));
               }),
               StartsWith("refused zone:gone") && Contains("has no zone gone.test any more"));
  }
  WHEN("a CNAME stands there") {
    CHECK_THAT(scene.apply({adding("x", "alias.example.test")}),
               StartsWith("refused powerdns:refused") && Contains("alias.example.test in zone example.test") &&
                   Contains("A CNAME stands there"));
  }
  WHEN("it wants fewer requests") {
    say("429 Too Many Requests", "Retry-After: 60\r\n", "slowly\x1b[31m");
    CHECK_THAT(scene.apply({adding("x")}), StartsWith("throttled http:429") && Contains("slowly [31m"));
  }
  WHEN("it does not hear us") {
    scene.server.instead([](const std::string&) { return std::string("HTTP/1.1 "); });
    CHECK_THAT(scene.apply({adding("x")}), StartsWith("retry curl:"));
  }
  WHEN("it answers nonsense") {
    say("200 OK", "", "<html>");
    CHECK_THAT(scene.apply({adding("x")}), StartsWith("retry powerdns:answer") && Contains("webserver-port"));
  }
  WHEN("it fails") {
    say("500 Internal Server Error", "", "Internal Server Error");
    CHECK_THAT(scene.apply({adding("x")}), StartsWith("retry http:500") && Contains("Its log says why"));
    CHECK(scene.server.count("GET") > 4);
  }
  WHEN("its database is locked for a moment") {
    int failures = 2;
    scene.server.instead([&](const std::string& line) {
      if (!line.starts_with("PATCH") || failures-- <= 0) return std::string();
      return test::answer("500 Internal Server Error", "", "Internal Server Error");
    });
    CHECK(scene.apply({adding("x")}) == "made");
    CHECK(scene.server.count("PATCH") == 3);
  }
}

SCENARIO("disabled records stay also where the server's search finds none") {
  Scene scene;
  const Records foreign = {{"\"foreign\"", false}, {"\"off\"", true}};
  scene.server.put(name, {77, foreign});
  scene.server.put("other.example.test", {60, {{"\"off\"", true}}});
  // A zone whose answer is read on a thread is read in the same way.
  const auto further = GENERATE(0, 3000);
  for (int i = 0; i < further; ++i) {
    scene.server.put(fmt::format("h{}.example.test", i), {60, {{"\"" + std::string(60, 'x') + "\"", false}}});
  }
  WHEN("its backend does not search") {
    scene.server.search_nothing();
  }
  WHEN("the key may not search") {
    scene.server.instead([](const std::string& line) {
      return line.find("/search-data") == std::string::npos ? std::string()
                                                            : test::answer("401 Unauthorized", "", R"({"msg": "no"})");
    });
  }
  CHECK(scene.apply({adding("one"), adding("two", "other.example.test")}) == "made");
  CHECK(scene.apply({removing("one")}) == "made");
  CHECK(scene.server.at(name).records == foreign);
  CHECK(scene.server.at(name).ttl == 77);
  CHECK(scene.server.at("other.example.test").records == Records{{"\"off\"", true}, {"\"two\"", false}});
}

SCENARIO("a zone without disabled records is not read as a whole where the search works") {
  Scene scene;
  CHECK(scene.apply({adding("one")}) == "made");
  CHECK(scene.server.count("GET /api/v1/servers/localhost/zones/example.test.") ==
        scene.server.count("GET /api/v1/servers/localhost/zones/example.test.?"));
}

SCENARIO("a key for single zones does what it may") {
  Scene scene;
  scene.server.instead([](const std::string& line) {
    const bool administrators =
        line == "GET /api/v1/servers/localhost" || line.find("/search-data") != std::string::npos;
    return administrators ? test::answer("401 Unauthorized", "", R"({"msg": "Not enough privileges"})") : std::string();
  });
  CHECK(scene.zone_of(name) == "example.test");
  CHECK(scene.apply({adding("one")}) == "made");
  CHECK(scene.server.change_types() == Words{"REPLACE"});
  CHECK(outcome_of([&] { run(scene.loop, scene.provider.check_credentials()); }) == "made");

  WHEN("it loses its zone") {
    scene.server.instead([](const std::string& line) {
      if (line.find("/zones/") != std::string::npos) {
        return test::answer("403 Forbidden", "", R"({"msg": "Zone access not allowed"})");
      }
      return line.find("/zones?") != std::string::npos ? test::answer("200 OK", "", "[]") : std::string();
    });
    CHECK_THAT(scene.apply({removing("one")}), StartsWith("refused zone:gone "));
  }
  WHEN("it is not good for this zone, though the server has it") {
    scene.server.instead([](const std::string& line) {
      return line.find("/zones/") == std::string::npos ? std::string() : test::answer("403 Forbidden", "", "no");
    });
    CHECK_THAT(scene.apply({removing("one")}), StartsWith("refused http:403 "));
  }
}

SCENARIO("another daemon of PowerDNS is told as such") {
  Scene scene;
  scene.server.daemon("recursor");
  CHECK_THAT(scene.zone_of(name), StartsWith("refused powerdns:daemon at http://127.0.0.1:") &&
                                      Contains("answers a PowerDNS recursor, which keeps no records"));
  CHECK_THAT(outcome_of([&] { run(scene.loop, scene.provider.check_credentials()); }),
             StartsWith("refused powerdns:daemon"));
}

SCENARIO("a server that is slow to list its zones is asked for single ones") {
  Scene scene;
  scene.server.instead([](const std::string& line) {
    if (line != "GET /api/v1/servers/localhost/zones?dnssec=false") return std::string();
    return test::answer("504 Gateway Timeout", "", "");
  });
  CHECK(scene.zone_of("_acme-challenge.www.example.test") == "example.test");
  const auto lists = scene.server.count("GET /api/v1/servers/localhost/zones?dnssec=false") -
                     scene.server.count("GET /api/v1/servers/localhost/zones?dnssec=false&");
  CHECK(lists > 0);
  scene.clock.advance(10min);
  CHECK(scene.zone_of("_acme-challenge.example.org") == "none");
  CHECK(scene.server.count("GET /api/v1/servers/localhost/zones?dnssec=false") -
            scene.server.count("GET /api/v1/servers/localhost/zones?dnssec=false&") ==
        lists);
}

SCENARIO("a change whose answer does not come is looked for") {
  Scene scene;
  int cuts = 100;
  scene.server.instead([&](const std::string& line) {
    return line.starts_with("PATCH") && cuts-- > 0 ? std::string("HTTP/1.1 ") : std::string();
  });
  WHEN("it has been made meanwhile") {
    scene.server.put(name, {60, {}});
    scene.server.instead([&](const std::string& line) {
      if (!line.starts_with("PATCH")) return std::string();
      scene.server.put(name, {60, {{"\"one\"", false}}});
      return std::string("HTTP/1.1 ");
    });
    CHECK(scene.apply({adding("one")}) == "made");
  }
  WHEN("it is never made") {
    CHECK_THAT(scene.apply({adding("one")}), StartsWith("retry curl:"));
  }
  WHEN("the answer is that it cannot be made, that is told at once") {
    int patches = 0;
    int looks_after = 0;
    scene.server.instead([&](const std::string& line) {
      if (line.starts_with("PATCH")) {
        ++patches;
        return test::answer("500 Internal Server Error", "", R"({"error": "no space left"})");
      }
      if (patches > 0) ++looks_after;
      return std::string();
    });
    CHECK_THAT(scene.apply({adding("one")}), Contains("no space left"));
    CHECK(looks_after == 0);
  }
}

SCENARIO("one name that the server refuses does not keep the others from being changed") {
  Scene scene;
  const auto outcome =
      scene.apply({adding("a", "a.example.test"), adding("x", "alias.example.test"), adding("b", "b.example.test")});
  CHECK_THAT(outcome, StartsWith("refused powerdns:refused") && Contains("TXT at alias.example.test in zone"));
  CHECK_THAT(outcome, !Contains("a.example.test,") && !Contains("b.example.test"));
  CHECK(scene.server.at("a.example.test").records == Records{{"\"a\"", false}});
  CHECK(scene.server.at("b.example.test").records == Records{{"\"b\"", false}});
}
