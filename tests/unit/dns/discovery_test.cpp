// SPDX-License-Identifier: Apache-2.0
#include "dns/discovery.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <list>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/dns/fake_network.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;
using namespace acmed::dns;
using Catch::Contains;
using fake::NameServer;

namespace {

constexpr const char* challenge = "_acme-challenge.example.test";

fake::Answer says(std::vector<std::string> records) {
  return {.answer = std::move(records)};
}

fake::Answer no_such_name(std::string_view zone) {
  return {.rcode = Rcode::nxdomain, .authority = {fake::soa(zone)}};
}

fake::Answer referral(std::string_view zone, std::vector<std::string> hosts, std::vector<std::string> glue = {}) {
  fake::Answer answer{.authoritative = false, .additional = std::move(glue)};
  for (const auto& host : hosts) answer.authority.push_back(fake::ns(zone, host));
  return answer;
}

/// example.test on ns1 and ns2, delegated by test on the parent; a recursive resolver that knows both.
struct Scene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Loop loop{clock};
  NameServer resolver{loop, "127.0.1.7"};
  NameServer parent{loop, "127.0.1.5"};
  NameServer ns1{loop, "127.0.1.1"};
  NameServer ns2{loop, "127.0.1.2"};
  Discovery discovery{loop, {resolver.endpoint()}, fake::port()};
  ServerPolicy policy;

  Scene() {
    host("a.nic.test", "127.0.1.5");
    host("ns1.example.test", "127.0.1.1");
    host("ns2.example.test", "127.0.1.2");
    zone("test", {"a.nic.test"});
    zone("example.test", {"ns1.example.test", "ns2.example.test"});
    parent.say(
        "example.test", Type::ns,
        referral("example.test", {"ns1.example.test", "ns2.example.test"},
                 {fake::address("ns1.example.test", "127.0.1.1"), fake::address("ns2.example.test", "127.0.1.2")}));
    ns1.say(challenge, Type::txt, no_such_name("example.test"));
    ns2.say(challenge, Type::txt, no_such_name("example.test"));
  }

  void host(std::string_view name, std::string_view address) {
    resolver.say(name, Type::a, says({fake::address(name, address)}));
    resolver.say(name, Type::aaaa, says({}));
  }

  void zone(std::string_view apex, const std::vector<std::string>& hosts) {
    resolver.say(apex, Type::soa, says({fake::soa(apex)}));
    fake::Answer servers;
    for (const auto& name : hosts) servers.answer.push_back(fake::ns(apex, name));
    resolver.say(apex, Type::ns, servers);
  }

  Location locate(std::string_view name = challenge) {
    return run(loop, discovery.locate(Name(name), [this](const Name&) { return policy; }));
  }

  std::string failure(std::string_view name = challenge) {
    try {
      const auto location = locate(name);
      return "located in " + location.zone.text();
    } catch (const Error& error) {
      return error.cause() + " " + error.what();
    }
  }
};

std::vector<std::string> hosts_of(const Location& location) {
  std::vector<std::string> hosts;
  for (const auto& server : location.servers) {
    hosts.push_back(server.host.text() + " " + server.endpoint.address());
  }
  return hosts;
}

Task<> pause(Duration duration) {
  co_await sleep_for(duration);
}

Task<std::vector<Location>> locate_all(Discovery* discovery, std::vector<Name> names) {
  std::vector<Task<Location>> tasks;
  for (const auto& name : names) tasks.push_back(discovery->locate(name));
  co_return co_await when_all(std::move(tasks));
}

}  // namespace

SCENARIO("a challenge name is located in the zone of its parent name") {
  Scene scene;
  const auto location = scene.locate();
  CHECK(location.effective == Name(challenge));
  CHECK(location.zone == Name("example.test"));
  CHECK(location.chain.empty());
  CHECK(hosts_of(location) == std::vector<std::string>{"ns1.example.test 127.0.1.1", "ns2.example.test 127.0.1.2"});
  THEN("no resolver ever heard of the challenge name") {
    for (const auto type : {Type::txt, Type::soa, Type::ns, Type::cname, Type::a}) {
      CHECK(scene.resolver.asked(challenge, type) == 0);
    }
  }
  THEN("it is not looked up again within a minute") {
    const int asked = scene.resolver.asked_in_all() + scene.ns1.asked_in_all();
    scene.locate();
    CHECK(scene.resolver.asked_in_all() + scene.ns1.asked_in_all() == asked);
    scene.discovery.forget();
    scene.locate();
    CHECK(scene.resolver.asked_in_all() + scene.ns1.asked_in_all() == 2 * asked);
  }
}

SCENARIO("a TXT value that is there already does not hide the zone") {
  Scene scene;
  scene.ns1.say(challenge, Type::txt, says({fake::txt(challenge, "old")}));
  scene.ns1.say(challenge, Type::soa, {.authority = {fake::soa("example.test")}});
  CHECK(scene.locate().zone == Name("example.test"));
}

SCENARIO("the zone is found above names that do not exist or fail") {
  Scene scene;
  const auto* deep = "_acme-challenge.a.b.example.test";
  scene.ns1.say(deep, Type::txt, no_such_name("example.test"));
  WHEN("the resolver says so") {
    scene.resolver.say("a.b.example.test", Type::soa, no_such_name("example.test"));
    CHECK(scene.locate(deep).zone == Name("example.test"));
    CHECK(scene.resolver.asked("b.example.test", Type::soa) == 0);
  }
  WHEN("the SOA of an empty name brings SERVFAIL") {
    scene.resolver.say("a.b.example.test", Type::soa, {.rcode = Rcode::servfail});
    CHECK(scene.locate(deep).zone == Name("example.test"));
  }
  WHEN("the parent name is an alias with the SOA of its target") {
    scene.resolver.say(
        "a.b.example.test", Type::soa,
        {.answer = {fake::cname("a.b.example.test", "other.invalid")}, .authority = {fake::soa("invalid")}});
    CHECK(scene.locate(deep).zone == Name("example.test"));
  }
  WHEN("a SOA is not of an ancestor") {
    scene.resolver.say("a.b.example.test", Type::soa, no_such_name("evil.test"));
    CHECK(scene.locate(deep).zone == Name("example.test"));
  }
}

SCENARIO("parent and child may name different servers: all are found") {
  Scene scene;
  scene.parent.say("example.test", Type::ns,
                   referral("example.test", {"ns1.example.test", "ns3.example.test"},
                            {fake::address("ns3.example.test", "127.0.1.3")}));
  scene.resolver.say("ns3.example.test", Type::a, {.rcode = Rcode::nxdomain});
  scene.resolver.say("ns3.example.test", Type::aaaa, {.rcode = Rcode::nxdomain});
  CHECK(hosts_of(scene.locate()) == std::vector<std::string>{"ns1.example.test 127.0.1.1", "ns2.example.test 127.0.1.2",
                                                             "ns3.example.test 127.0.1.3"});
}

SCENARIO("what the zone itself says of its servers counts") {
  Scene scene;
  scene.host("ns3.example.test", "127.0.1.3");
  const std::vector<std::string> all = {"ns1.example.test 127.0.1.1", "ns2.example.test 127.0.1.2",
                                        "ns3.example.test 127.0.1.3"};
  WHEN("it has one more than the resolver remembers") {
    scene.ns1.say("example.test", Type::ns, says({fake::ns("example.test", "ns3.example.test")}));
    CHECK(hosts_of(scene.locate()) == all);
  }
  WHEN("the resolver remembers only servers of old") {
    NameServer ns3(scene.loop, "127.0.1.3");
    scene.zone("example.test", {"ns1.example.test"});
    scene.parent.say("example.test", Type::ns, referral("example.test", {"ns3.example.test"}));
    scene.ns1.say("example.test", Type::ns, says({fake::ns("example.test", "ns1.example.test")}));
    ns3.say("example.test", Type::ns,
            says({fake::ns("example.test", "ns2.example.test"), fake::ns("example.test", "ns3.example.test")}));
    CHECK(hosts_of(scene.locate()) == all);
  }
  WHEN("the resolver does not know") {
    scene.resolver.say("example.test", Type::ns, {.rcode = Rcode::servfail});
    scene.ns2.say("example.test", Type::ns, says({fake::ns("example.test", "ns3.example.test")}));
    CHECK(hosts_of(scene.locate()) == all);
  }
}

SCENARIO("a parent that takes its time is waited for") {
  Scene scene;
  scene.zone("example.test", {"ns1.example.test"});
  int asked = 0;
  scene.parent.handle([&](std::string_view request, NameServer::Transport) -> std::optional<std::string> {
    if (++asked <= 2) return std::nullopt;  // the first question, and its repetition
    return fake::reply_to(request, referral("example.test", {"ns1.example.test", "ns2.example.test"}));
  });
  CHECK(scene.locate().servers.size() == 2);
}

SCENARIO("a server whose addresses cannot be looked up is not forgotten") {
  Scene scene;
  const std::vector<std::string> with_unknown = {"ns2.example.test ", "ns1.example.test 127.0.1.1",
                                                 "ns2.example.test 127.0.1.2"};
  WHEN("one address type fails") {
    scene.resolver.say("ns2.example.test", Type::aaaa, {.rcode = Rcode::servfail});
    CHECK(hosts_of(scene.locate()) == with_unknown);
    THEN("it is looked up again soon") {
      scene.host("ns2.example.test", "127.0.1.2");
      run(scene.loop, pause(std::chrono::seconds(6)));
      CHECK(scene.locate().servers.size() == 2);
    }
  }
  WHEN("both fail, and there is no glue") {
    scene.parent.say("example.test", Type::ns, referral("example.test", {"ns1.example.test", "ns2.example.test"}));
    scene.resolver.say("ns2.example.test", Type::a, {.rcode = Rcode::servfail});
    scene.resolver.say("ns2.example.test", Type::aaaa, {.rcode = Rcode::servfail});
    CHECK(hosts_of(scene.locate()) == std::vector<std::string>{"ns2.example.test ", "ns1.example.test 127.0.1.1"});
  }
  WHEN("all fail") {
    scene.parent.say("example.test", Type::ns, referral("example.test", {"ns1.example.test", "ns2.example.test"}));
    for (const auto* host : {"ns1.example.test", "ns2.example.test"}) {
      scene.resolver.say(host, Type::a, {.rcode = Rcode::servfail});
    }
    CHECK_THAT(scene.failure(), Catch::StartsWith("dns:no-servers"));
  }
  WHEN("the resolver does not offer one address type") {
    for (const auto rcode : {Rcode::refused, Rcode::notimp, Rcode::formerr}) {
      scene.resolver.say("ns2.example.test", Type::aaaa, {.rcode = rcode});
      scene.discovery.forget();
      CHECK(scene.locate().servers.size() == 2);
    }
  }
}

SCENARIO("without a resolver nothing can be looked up") {
  Scene scene;
  Discovery discovery(scene.loop, {}, fake::port());
  CHECK_THROWS_WITH(run(scene.loop, discovery.locate(Name(challenge))),
                    Catch::StartsWith("SOA example.test. cannot be looked up: no resolver is known"));
}

SCENARIO("an alias below another challenge name is not asked of a resolver") {
  Scene scene;
  const auto* target = "x.www._acme-challenge.example.test";
  scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
  scene.ns1.say(target, Type::txt, no_such_name("example.test"));
  CHECK(scene.locate().effective == Name(target));
  for (const auto* name : {"www._acme-challenge.example.test", "_acme-challenge.example.test"}) {
    CHECK(scene.resolver.asked(name, Type::soa) == 0);
  }
}

SCENARIO("a zone of the same name that nobody delegates is told from the one that is") {
  Scene scene;
  NameServer ns3(scene.loop, "127.0.1.3");
  scene.host("ns3.example.test", "127.0.1.3");
  scene.zone("example.test", {"ns1.example.test"});
  scene.ns1.say("example.test", Type::ns, says({fake::ns("example.test", "ns1.example.test")}));
  scene.parent.say("example.test", Type::ns, referral("example.test", {"ns3.example.test"}));
  std::set<Name> undelegated;
  WHEN("neither the parent nor the server that it names knows the resolver's") {
    ns3.say("example.test", Type::ns, says({fake::ns("example.test", "ns3.example.test")}));
    undelegated = {Name("ns1.example.test")};
  }
  WHEN("the parent has another name for the same server") {
    ns3.say("example.test", Type::ns, says({fake::ns("example.test", "ns1.example.test")}));
  }
  WHEN("the resolver's server knows the one that the parent names") {
    scene.ns1.say("example.test", Type::ns,
                  says({fake::ns("example.test", "ns1.example.test"), fake::ns("example.test", "ns3.example.test")}));
    ns3.say("example.test", Type::ns, says({fake::ns("example.test", "ns3.example.test")}));
  }
  WHEN("the parent's server keeps silent") {
    ns3.handle([](std::string_view, NameServer::Transport) { return std::nullopt; });
  }
  CHECK(scene.locate().undelegated == undelegated);
}

SCENARIO("a private zone needs no parent") {
  Scene scene;
  WHEN("the parent's servers refuse") {
    scene.parent.say("example.test", Type::ns, {.rcode = Rcode::refused});
  }
  WHEN("the parent does not know the zone") {
    scene.parent.say("example.test", Type::ns, no_such_name("test"));
  }
  WHEN("the parent keeps silent") {
    scene.parent.handle([](std::string_view, NameServer::Transport) { return std::nullopt; });
  }
  WHEN("there is no parent zone") {
    scene.resolver.say("test", Type::soa, no_such_name(""));
  }
  CHECK(scene.locate().servers.size() == 2);
}

SCENARIO("a delegated challenge name is a zone of its own") {
  Scene scene;
  const auto own = referral(challenge, {"ns3.example.test"}, {fake::address("ns3.example.test", "127.0.1.3")});
  NameServer ns3(scene.loop, "127.0.1.3");
  scene.host("ns3.example.test", "127.0.1.3");
  scene.ns1.say(challenge, Type::txt, own);
  scene.ns1.say(challenge, Type::ns, own);
  ns3.say(challenge, Type::ns, says({fake::ns(challenge, "ns3.example.test")}));
  ns3.say(challenge, Type::txt, {.authority = {fake::soa(challenge)}});
  const auto location = scene.locate();
  CHECK(location.zone == Name(challenge));
  CHECK(hosts_of(location) == std::vector<std::string>{"ns3.example.test 127.0.1.3"});
  CHECK(scene.resolver.asked(challenge, Type::ns) == 0);
}

SCENARIO("an alias is believed of servers that have the zone, and of no others") {
  Scene scene;
  scene.host("ns1.elsewhere.test", "127.0.1.1");
  scene.zone("elsewhere.test", {"ns1.elsewhere.test"});
  scene.parent.say(
      "elsewhere.test", Type::ns,
      referral("elsewhere.test", {"ns1.elsewhere.test"}, {fake::address("ns1.elsewhere.test", "127.0.1.1")}));
  scene.ns1.say("proofs.elsewhere.test", Type::txt, no_such_name("elsewhere.test"));
  fake::Answer alias{.authoritative = false, .answer = {fake::cname(challenge, "proofs.elsewhere.test")}};
  WHEN("it comes from a cache") {
    scene.ns1.say(challenge, Type::txt, alias);
    CHECK(scene.locate().effective == Name(challenge));
    CHECK(scene.ns2.asked(challenge, Type::txt) == 1);
  }
  WHEN("it comes with a referral to another zone") {
    alias.authority = {fake::ns("example.test", "ns1.example.test")};
    scene.ns1.say(challenge, Type::txt, alias);
    CHECK(scene.locate().effective == Name(challenge));
  }
  WHEN("it comes from a server of the zone") {
    alias.authoritative = true;
    scene.ns1.say(challenge, Type::txt, alias);
    CHECK(scene.locate().effective == Name("proofs.elsewhere.test"));
  }
}

SCENARIO("lame and silent servers are passed over") {
  Scene scene;
  WHEN("one refuses") {
    scene.ns1.say(challenge, Type::txt, {.rcode = Rcode::refused});
  }
  WHEN("one is not authoritative") {
    scene.ns1.say(challenge, Type::txt, {.rcode = Rcode::nxdomain, .authoritative = false});
  }
  WHEN("one refers upwards") {
    scene.ns1.say(challenge, Type::txt, referral("test", {"a.nic.test"}));
  }
  WHEN("one keeps silent") {
    scene.ns1.handle([](std::string_view, NameServer::Transport) { return std::nullopt; });
  }
  CHECK(scene.locate().zone == Name("example.test"));
}

SCENARIO("when all are lame, each is named") {
  Scene scene;
  scene.ns1.say(challenge, Type::txt, {.rcode = Rcode::refused});
  scene.ns2.say(challenge, Type::txt, {.rcode = Rcode::servfail});
  const auto failure = scene.failure();
  CHECK_THAT(failure, Catch::StartsWith("dns:lame no name server of the zone example.test answers"));
  CHECK_THAT(failure, Contains("ns1.example.test (127.0.1.1:") && Contains("REFUSED") && Contains("SERVFAIL"));
}

SCENARIO("aliases are followed to where the value must be") {
  Scene scene;
  const auto* target = "example.test.dlg.test";
  scene.zone("dlg.test", {"ns1.example.test"});
  scene.ns1.say(target, Type::txt, no_such_name("dlg.test"));

  WHEN("there is a CNAME") {
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    const auto location = scene.locate();
    CHECK(location.effective == Name(target));
    CHECK(location.zone == Name("dlg.test"));
    CHECK(location.chain == std::vector{Name(challenge)});
    CHECK(location.servers.size() == 1);
  }
  WHEN("a DNAME stands above, with or without the CNAME made of it") {
    const auto* below = "_acme-challenge.www.example.test";
    scene.resolver.say("www.example.test", Type::soa, no_such_name("example.test"));
    scene.ns1.say(below, Type::txt, says({fake::dname("www.example.test", "dlg.test")}));
    scene.ns1.say("_acme-challenge.dlg.test", Type::txt, no_such_name("dlg.test"));
    CHECK(scene.locate(below).effective == Name("_acme-challenge.dlg.test"));
  }
  WHEN("they go round in a circle") {
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    scene.ns1.say(target, Type::txt, says({fake::cname(target, challenge)}));
    const auto failure = scene.failure();
    CHECK_THAT(failure, Catch::StartsWith("dns:cname-loop"));
    CHECK_THAT(failure,
               Contains("_acme-challenge.example.test -> example.test.dlg.test -> _acme-challenge.example.test"));
  }
  WHEN("they do not end") {
    scene.ns1.handle([](std::string_view request, NameServer::Transport) {
      const auto name = parse_message(request).question->name;
      return fake::reply_to(request, says({fake::cname(name.text(), "x" + name.text())}));
    });
    scene.resolver.say("www.example.test", Type::soa, no_such_name("example.test"));
    CHECK_THAT(scene.failure(), Contains("are too many"));
  }
  WHEN("the target is served by nobody") {
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, "nowhere.invalid")}));
    scene.resolver.say("invalid", Type::soa, no_such_name(""));
    THEN("the alias is named") {
      CHECK_THAT(scene.failure(), Contains("_acme-challenge.example.test is an alias of nowhere.invalid, and:"));
    }
    THEN("a wildcard is told as the reason") {
      scene.ns1.say("*.example.test", Type::cname, says({fake::cname("*.example.test", "nowhere.invalid")}));
      CHECK_THAT(scene.failure(), Contains("through a wildcard CNAME"));
    }
  }
  WHEN("a wildcard makes the alias") {
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    scene.ns1.say("*.example.test", Type::cname, says({fake::cname("*.example.test", target)}));
    THEN("it is known where a record of its own would stand") {
      const auto own = run(scene.loop, scene.discovery.beside_wildcard(Name(challenge)));
      REQUIRE(own);
      CHECK(own->effective == Name(challenge));
      CHECK(own->zone == Name("example.test"));
      CHECK(own->chain.empty());
      CHECK_FALSE(own->servers.empty());
    }
  }
  WHEN("a wildcard makes the alias, on a server whose wildcards reach below") {
    const auto* below = "x._acme-challenge.example.test";
    const auto* below_none = "x.acmed-is-not-here.example.test";
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    scene.ns1.say("*.example.test", Type::cname, says({fake::cname("*.example.test", target)}));
    scene.ns1.say(below_none, Type::cname, says({fake::cname(below_none, target)}));
    AND_WHEN("there is nothing at the name") {
      scene.ns1.say(below, Type::cname, says({fake::cname(below, target)}));
      CHECK(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge))));
    }
    AND_WHEN("the name has the same alias as a record of its own") {
      scene.ns1.say(below, Type::cname, no_such_name("example.test"));
      CHECK_FALSE(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge))));
    }
    AND_WHEN("a wildcard is one label deep") {
      scene.ns1.say(below, Type::cname, no_such_name("example.test"));
      scene.ns1.say(below_none, Type::cname, no_such_name("example.test"));
      CHECK(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge))));
    }
  }
  WHEN("a name further below has the same alias as a record of its own") {
    // What is between the wildcard and the name is there then, too.
    const auto* deep = "_acme-challenge.www.example.test";
    scene.resolver.say("www.example.test", Type::soa, no_such_name("example.test"));
    scene.ns1.say(deep, Type::txt, says({fake::cname(deep, target)}));
    scene.ns1.say("*.example.test", Type::cname, says({fake::cname("*.example.test", target)}));
    scene.ns1.say("x._acme-challenge.www.example.test", Type::cname, no_such_name("example.test"));
    scene.ns1.say("x.acmed-is-not-here.www.example.test", Type::cname, no_such_name("example.test"));
    scene.ns1.say("x.acmed-is-not-here.example.test", Type::cname,
                  says({fake::cname("x.acmed-is-not-here.example.test", target)}));
    CHECK_FALSE(run(scene.loop, scene.discovery.beside_wildcard(Name(deep))));
  }
  WHEN("an alias of the name's own leads to one that a wildcard makes") {
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    scene.ns1.say(target, Type::txt, says({fake::cname(target, "www.dlg.test")}));
    scene.ns1.say("www.dlg.test", Type::txt, no_such_name("dlg.test"));
    scene.ns1.say("*.dlg.test", Type::cname, says({fake::cname("*.dlg.test", "www.dlg.test")}));
    for (const auto* above : {"test.dlg.test", "example.test.dlg.test"}) {
      scene.resolver.say(above, Type::soa, no_such_name("dlg.test"));
    }
    const auto own = run(scene.loop, scene.discovery.beside_wildcard(Name(challenge)));
    REQUIRE(own);
    CHECK(own->effective == Name(target));
    CHECK(own->zone == Name("dlg.test"));
    CHECK(own->chain == std::vector{Name(challenge)});
  }
  WHEN("the first server does not tell of the wildcard") {
    for (auto* server : {&scene.ns1, &scene.ns2}) {
      server->say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    }
    scene.ns2.say("*.example.test", Type::cname, says({fake::cname("*.example.test", target)}));
    CHECK(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge))));
  }
  WHEN("an alias has the name alone") {
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    CHECK_FALSE(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge))));
  }
  WHEN("a wildcard leads elsewhere than the alias") {
    scene.ns1.say(challenge, Type::txt, says({fake::cname(challenge, target)}));
    scene.ns1.say("*.example.test", Type::cname, says({fake::cname("*.example.test", "www.example.test")}));
    CHECK_FALSE(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge))));
  }
}

SCENARIO("resolvers are asked in turn") {
  Scene scene;
  const auto silence = [](std::string_view, NameServer::Transport) { return std::nullopt; };
  NameServer other(scene.loop, "127.0.1.8");

  WHEN("the first keeps silent, the next one is asked after a second, and first from then on") {
    other.handle(silence);
    Discovery discovery(scene.loop, {other.endpoint(), scene.resolver.endpoint()}, fake::port());
    CHECK(run(scene.loop, discovery.locate(Name(challenge))).zone == Name("example.test"));
    CHECK(other.asked_in_all() == 2);  // once, and once more in case it was lost
  }
  WHEN("the first fails") {
    Discovery discovery(scene.loop, {other.endpoint(), scene.resolver.endpoint()}, fake::port());
    CHECK(run(scene.loop, discovery.locate(Name(challenge))).zone == Name("example.test"));
  }
  WHEN("all keep silent, it ends after ten seconds and names them") {
    scene.resolver.handle(silence);
    const auto start = scene.clock.now();
    CHECK_THAT(scene.failure(),
               Catch::StartsWith("dns:timeout") && Contains(scene.resolver.endpoint().text() + ": no answer"));
    CHECK(scene.clock.now() - start <= std::chrono::seconds(11));
  }
  WHEN("all refuse, it ends at once") {
    scene.resolver.handle([](std::string_view request, NameServer::Transport) {
      return fake::reply_to(request, {.rcode = Rcode::refused});
    });
    const auto start = scene.clock.now();
    CHECK_THAT(scene.failure(),
               Catch::StartsWith("dns:REFUSED") && Contains(scene.resolver.endpoint().text() + ": REFUSED"));
    CHECK(scene.clock.now() == start);
  }
}

SCENARIO("a resolver to which no way leads is not asked again and again") {
  Scene scene;
  fake::Network network;
  int connects = 0;
  const auto fails_with = [&](int error) {
    network.on_connect([&connects, error](const sockaddr*, int) {
      ++connects;
      return error;
    });
  };
  const auto start = scene.clock.now();
  for (const int error : {EHOSTUNREACH, EACCES, EPERM, EINVAL, ENETDOWN, ENOKEY}) {
    WHEN("connecting fails with " + std::to_string(error)) {
      fails_with(error);
      CHECK_THAT(scene.failure(), Catch::StartsWith("dns:no-route no resolver could look up SOA example.test. (") &&
                                      Contains(scene.resolver.endpoint().text() + ": not reachable from this host: "));
      CHECK(scene.clock.now() == start);
      CHECK(connects == 1);
    }
  }
  WHEN("a firewall drops what is sent") {
    network.on_send(fake::datagrams_to(AF_INET, EPERM));
    CHECK_THAT(scene.failure(),
               Contains(": not reachable from this host: a firewall or a route forbids it (Operation not permitted)"));
    CHECK(scene.clock.now() == start);
  }
  WHEN("it counts as silent at once") {
    fails_with(ETIMEDOUT);
    CHECK_THAT(scene.failure(), Catch::StartsWith("dns:timeout") && Contains("no answer"));
    CHECK(scene.clock.now() - start >= std::chrono::seconds(9));
    CHECK(connects < 10);
  }
  WHEN("there is another one") {
    network.on_connect([&](const sockaddr* address, int) {
      if (address->sa_family != AF_INET6) return 0;
      ++connects;
      return EHOSTUNREACH;
    });
    Discovery discovery(scene.loop, {Endpoint::parse("2001:db8::53").value(), scene.resolver.endpoint()}, fake::port());
    CHECK(run(scene.loop, discovery.locate(Name(challenge))).zone == Name("example.test"));
    CHECK(scene.clock.now() == start);
    CHECK(connects == 1);
  }
}

SCENARIO("the resolvers are those that resolv.conf names at the time") {
  Scene scene;
  NameServer old(scene.loop, "127.0.1.8");
  TemporaryFolder folder;
  const auto file = folder.path() / "resolv.conf";
  const auto write = [&](const NameServer& server) {
    std::ofstream(file) << "nameserver " << server.endpoint().text() << "\n";
  };
  write(old);
  Discovery discovery(scene.loop, Resolvers::of_file(file), fake::port());
  CHECK_THROWS_WITH(run(scene.loop, discovery.locate(Name(challenge))), Contains(old.endpoint().text() + ": REFUSED"));
  CHECK_THROWS_AS(run(scene.loop, discovery.addresses(Name("ns1.example.test"), 53)), Retry);

  WHEN("it is written anew, the next look-up asks the new one: what the old one failed to find is forgotten") {
    write(scene.resolver);
    const int asked = old.asked_in_all();
    CHECK(run(scene.loop, discovery.locate(Name(challenge))).zone == Name("example.test"));
    CHECK(old.asked_in_all() == asked);
  }
  WHEN("addresses are looked up first") {
    write(scene.resolver);
    CHECK(run(scene.loop, discovery.addresses(Name("ns1.example.test"), 53)).size() == 1);
  }
}

SCENARIO("a name in no zone is refused") {
  Scene scene;
  scene.resolver.handle(
      [](std::string_view request, NameServer::Transport) { return fake::reply_to(request, no_such_name("")); });
  CHECK_THAT(scene.failure(), Catch::StartsWith("dns:no-zone no zone holds example.test"));
}

SCENARIO("many names at once share what they have in common") {
  Scene scene;
  std::vector<Name> names;
  for (int zone = 0; zone < 10; ++zone) {
    const auto apex = fmt::format("z{}.test", zone);
    scene.zone(apex, {"ns1.example.test", "ns2.example.test"});
    scene.parent.say(apex, Type::ns, referral(apex, {"ns1.example.test", "ns2.example.test"}));
    scene.ns1.say(apex, Type::ns, says({fake::ns(apex, "ns1.example.test"), fake::ns(apex, "ns2.example.test")}));
    for (int i = 0; i < 10; ++i) {
      const auto name = fmt::format("_acme-challenge-{}.{}", i, apex);
      scene.ns1.say(name, Type::txt, no_such_name(apex));
      names.emplace_back(name);
    }
  }
  CHECK(run(scene.loop, locate_all(&scene.discovery, names)).size() == 100);
  CHECK(scene.resolver.asked("z3.test", Type::soa) == 1);
  CHECK(scene.resolver.asked("z3.test", Type::ns) == 1);
  CHECK(scene.resolver.asked("ns1.example.test", Type::a) == 1);
  CHECK(scene.resolver.asked("ns1.example.test", Type::aaaa) == 1);
  CHECK(scene.resolver.asked("test", Type::soa) == 1);
  CHECK(scene.parent.asked_in_all() == 10);
  CHECK(scene.ns1.asked_in_all() == 110);  // and each zone's NS
  CHECK(scene.ns2.asked_in_all() == 0);
}

SCENARIO("finding a name obeys the policy for it") {
  Scene scene;
  const auto silence = [](std::string_view, NameServer::Transport) { return std::nullopt; };
  WHEN("a server is excluded, by its address, its network or its host") {
    for (const auto* excluded : {"127.0.1.1", "127.0.1.0/31", "ns1.example.test"}) {
      scene.policy.exclude = {Exclusion::parse(excluded).value()};
      CHECK(hosts_of(scene.locate()) == std::vector<std::string>{"ns2.example.test 127.0.1.2"});
    }
    CHECK(scene.ns1.asked_in_all() == 0);
    THEN("what was found so is not taken for what is to be found otherwise") {
      scene.policy = {};
      CHECK(scene.locate().servers.size() == 2);
    }
  }
  WHEN("who asks has no policy of its own, the usual one holds") {
    ServerPolicy usual;
    usual.exclude = {Exclusion::parse("ns1.example.test").value()};
    Discovery discovery(scene.loop, {scene.resolver.endpoint()}, fake::port(), usual);
    CHECK(hosts_of(run(scene.loop, discovery.locate(Name(challenge)))) ==
          std::vector<std::string>{"ns2.example.test 127.0.1.2"});
    CHECK(scene.ns1.asked_in_all() == 0);
  }
  WHEN("a host is excluded, its addresses are not looked up") {
    scene.policy.exclude = {Exclusion::parse("ns2.example.test").value()};
    scene.locate();
    CHECK(scene.resolver.asked("ns2.example.test", Type::a) == 0);
  }
  WHEN("the only known address of a host is excluded") {
    scene.resolver.say("ns2.example.test", Type::aaaa, {.rcode = Rcode::servfail});
    scene.policy.exclude = {Exclusion::parse("127.0.1.2").value()};
    CHECK(scene.locate().servers.size() == 1);
  }
  WHEN("all are excluded") {
    scene.policy.exclude = {Exclusion::parse("127.0.1.0/30").value()};
    CHECK_THAT(scene.failure(), Contains("is left to be asked (ns1.example.test, ns2.example.test): `exclude`"));
    AND_WHEN("another one is named") {
      NameServer inner(scene.loop, "127.0.1.9");
      inner.say(challenge, Type::txt, no_such_name("example.test"));
      scene.policy.extra = {inner.endpoint()};
      const auto location = scene.locate();
      CHECK(location.zone == Name("example.test"));
      CHECK(location.servers.empty());
      CHECK(inner.asked(challenge, Type::txt) == 1);
    }
  }
  WHEN("none needs to be reached, and none can be") {
    scene.policy.require = Require::none;
    for (auto* server : {&scene.ns1, &scene.ns2, &scene.parent}) server->handle(silence);
    const auto start = scene.clock.now();
    WHEN("the name is no alias") {
      scene.resolver.say(challenge, Type::cname, no_such_name("example.test"));
      const auto location = scene.locate();
      CHECK(location.effective == Name(challenge));
      CHECK(location.zone == Name("example.test"));
      CHECK(scene.clock.now() - start < std::chrono::seconds(2));
    }
    WHEN("the resolvers do not tell") {
      CHECK(scene.locate().zone == Name("example.test"));
    }
    WHEN("it is a zone of its own") {
      scene.resolver.say(challenge, Type::cname, {.authority = {fake::soa(challenge)}});
      CHECK(scene.locate().zone == Name(challenge));
    }
    WHEN("it is an alias") {
      scene.zone("dlg.test", {"ns1.example.test"});
      scene.resolver.say(challenge, Type::cname, says({fake::cname(challenge, "a.dlg.test")}));
      scene.resolver.say("a.dlg.test", Type::cname, no_such_name("dlg.test"));
      const auto location = scene.locate();
      CHECK(location.effective == Name("a.dlg.test"));
      CHECK(location.zone == Name("dlg.test"));
      THEN("the resolvers tell of a wildcard too") {
        const auto policy_of = [&scene](const Name&) { return scene.policy; };
        scene.resolver.say("*.example.test", Type::cname, no_such_name("example.test"));
        CHECK_FALSE(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge), policy_of)));
        scene.resolver.say("*.example.test", Type::cname, says({fake::cname("*.example.test", "a.dlg.test")}));
        for (const auto* below : {"x._acme-challenge.example.test", "x.acmed-is-not-here.example.test"}) {
          scene.resolver.say(below, Type::cname, says({fake::cname(below, "a.dlg.test")}));
        }
        CHECK(run(scene.loop, scene.discovery.beside_wildcard(Name(challenge), policy_of)));
      }
    }
  }
  WHEN("none needs to be reached, but one can be") {
    scene.policy.require = Require::none;
    scene.locate();
    THEN("no resolver hears of the challenge name") {
      CHECK(scene.resolver.asked(challenge, Type::cname) == 0);
    }
  }
}

SCENARIO("a resolver that answers no question about SOA tells the zone by its name servers") {
  Scene scene;
  const auto& [deep, expected] =
      GENERATE(std::pair(challenge, "example.test"), std::pair("_acme-challenge.a.b.example.test", "example.test"));
  scene.ns1.say(deep, Type::txt, no_such_name("example.test"));
  WHEN("it answers nothing") {
    for (const auto* name : {"a.b.example.test", "b.example.test", "example.test", "test"}) {
      scene.resolver.say(name, Type::soa, says({}));
    }
    for (const auto* name : {"a.b.example.test", "b.example.test"}) scene.resolver.say(name, Type::ns, says({}));
    CHECK(scene.locate(deep).zone == Name(expected));
  }
  WHEN("it refuses") {
    for (const auto* name : {"a.b.example.test", "b.example.test", "example.test", "test"}) {
      scene.resolver.say(name, Type::soa, {.rcode = Rcode::notimp});
    }
    CHECK(scene.locate(deep).zone == Name(expected));
  }
  WHEN("it tells of no name servers either") {
    scene.resolver.handle([](std::string_view request, NameServer::Transport) {
      return fake::reply_to(request, {.rcode = Rcode::noerror});
    });
    CHECK_THAT(scene.failure(deep), Catch::StartsWith("dns:no-zone") &&
                                        Contains("the resolvers (" + scene.resolver.endpoint().text() + ")") &&
                                        Contains("resolvers in [propagation]"));
  }
}

SCENARIO("servers that keep silent are asked side by side") {
  Scene scene;
  std::list<NameServer> silent;
  std::vector<std::string> hosts = {"z.example.test"};
  scene.host("z.example.test", "127.0.1.1");
  const auto add = [&] {
    const auto number = std::to_string(10 + silent.size());
    silent.emplace_back(scene.loop, "127.0.1." + number).handle([](std::string_view, NameServer::Transport) {
      return std::nullopt;
    });
    hosts.push_back("a" + number + ".example.test");
    scene.host(hosts.back(), "127.0.1." + number);
  };
  const auto start = scene.clock.now();
  WHEN("there are eight") {
    for (int i = 0; i < 8; ++i) add();
    scene.zone("example.test", hosts);
    CHECK(scene.locate().zone == Name("example.test"));
    CHECK(scene.clock.now() - start < std::chrono::seconds(8));
  }
  WHEN("there are more than a zone may have") {
    for (int i = 0; i < 30; ++i) add();
    scene.zone("example.test", hosts);
    scene.parent.say("example.test", Type::ns, {.rcode = Rcode::refused});
    CHECK_THAT(scene.failure(), Catch::StartsWith("dns:timeout") && Contains(", and 12 more)"));
    CHECK(scene.clock.now() - start < std::chrono::seconds(30));
    int asked = 0;
    for (const auto& server : silent) asked += server.asked_in_all() > 0 ? 1 : 0;
    CHECK(asked == 20);
  }
}

SCENARIO("how many servers a zone names does not decide how many are asked") {
  Scene scene;
  std::vector<std::string> hosts = {"ns1.example.test"};
  for (int i = 0; i < 30; ++i) {
    hosts.push_back(fmt::format("z{}.example.test", i));
    scene.host(hosts.back(), fmt::format("127.0.1.{}", 100 + i));
  }
  scene.zone("example.test", hosts);
  scene.parent.say("example.test", Type::ns, {.rcode = Rcode::refused});
  auto location = scene.locate();
  CHECK(location.servers.size() == 20);
  CHECK(location.servers_left_out == 11);
  WHEN("a host has many addresses, two of a family are asked") {
    scene.zone("example.test", {"ns1.example.test"});
    fake::Answer many;
    for (int i = 1; i < 9; ++i) {
      many.answer.push_back(fake::address("ns1.example.test", fmt::format("127.0.1.{}", i)));
    }
    scene.resolver.say("ns1.example.test", Type::a, many);
    scene.discovery.forget();
    CHECK(scene.locate().servers.size() == 2);
  }
}

SCENARIO("finding a name ends in time, whatever its servers do") {
  Scene scene;
  // Each step takes as long as one answer may take, and there are a dozen.
  const auto late = [&scene](std::string_view request, NameServer::Transport transport) -> std::optional<std::string> {
    if (transport == NameServer::Transport::udp) return std::nullopt;
    const auto name = parse_message(request).question.value().name.text();
    scene.clock.advance(std::chrono::seconds(1));
    return fake::reply_to(request, says({fake::cname(name, "x" + name)}));
  };
  scene.ns1.handle(late);
  scene.ns2.handle(late);
  const auto start = scene.clock.now();
  CHECK_THAT(scene.failure(), Contains("was not found within 30 s"));
  CHECK(scene.clock.now() - start <= std::chrono::seconds(31));
}

SCENARIO("an answer that is cut short tells where a name is, where TCP is closed") {
  Scene scene;
  for (auto* server : {&scene.ns1, &scene.ns2}) {
    server->handle([](std::string_view request, NameServer::Transport transport) -> std::optional<std::string> {
      if (transport == NameServer::Transport::tcp) return std::nullopt;
      const auto question = parse_message(request).question.value();
      if (question.type == Type::soa) return fake::reply_to(request, {.authority = {fake::soa("example.test")}});
      return fake::reply_to(request, {.truncated = true});
    });
  }
  CHECK(scene.locate().zone == Name("example.test"));
}

SCENARIO("a resolver's SERVFAIL is told of a server whose addresses it hides") {
  Scene scene;
  scene.resolver.say("ns2.example.test", Type::aaaa, {.rcode = Rcode::servfail});
  const auto location = scene.locate();
  CHECK_THAT(location.servers.front().unknown_because,
             Contains("AAAA ns2.example.test. (" + scene.resolver.endpoint().text() + ": SERVFAIL)"));
}

SCENARIO("resolv.conf is read again while a look-up waits") {
  Scene scene;
  NameServer silent(scene.loop, "127.0.1.8");
  TemporaryFolder folder;
  const auto file = folder.path() / "resolv.conf";
  std::ofstream(file) << "nameserver " << silent.endpoint().text() << "\n";
  silent.handle([&](std::string_view, NameServer::Transport) -> std::optional<std::string> {
    std::ofstream(file) << "nameserver " << scene.resolver.endpoint().text() << "\n";
    return std::nullopt;
  });
  Discovery discovery(scene.loop, Resolvers::of_file(file), fake::port());
  const auto start = scene.clock.now();
  CHECK(run(scene.loop, discovery.locate(Name(challenge))).zone == Name("example.test"));
  CHECK(scene.clock.now() - start < std::chrono::seconds(3));
}

SCENARIO("addresses that are no other host's are not asked, whatever a zone says") {
  Scene scene;
  scene.parent.say("example.test", Type::ns, referral("example.test", {"ns1.example.test", "ns2.example.test"}));
  scene.host("ns1.example.test", "127.0.1.1");
  for (const auto* address : {"169.254.1.1", "224.0.0.1", "0.0.0.0"}) {
    scene.resolver.say("ns2.example.test", Type::a, says({fake::address("ns2.example.test", address)}));
    scene.resolver.say("ns2.example.test", Type::aaaa, says({fake::address("ns2.example.test", "fe80::1")}));
    scene.discovery.forget();
    CHECK(hosts_of(scene.locate()) == std::vector<std::string>{"ns1.example.test 127.0.1.1"});
  }
}
