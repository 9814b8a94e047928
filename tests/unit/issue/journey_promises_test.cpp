// SPDX-License-Identifier: Apache-2.0
// The promises of a journey: intent before effect, only our own values and none left behind, the CA told only when the
// DNS is ready.
#include <atomic>

#include "tests/unit/base/watched_disk.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using providers::Action;
using providers::TxtChange;
using test::FakeCa;
using test::JourneyScene;
using test::problem;
using Reply = FakeCa::Reply;

const dns::Name own_challenge("_acme-challenge.www.example.test");

/// From now on the CA's authorizations are changed by `change`.
void change_authorizations(JourneyScene& scene, const std::function<void(json::Object&)>& change) {
  scene.ca.change_answers("authorization", [change](const FakeCa::Seen&, Reply usual) {
    auto body = *json::parse(usual.body).value().as_object();
    change(body);
    usual.body = json::dump(body);
    return usual;
  });
}

/// From now on the CA has the first order for invalid.
void make_order_invalid(JourneyScene& scene) {
  const auto url = scene.ca.url("order/0");
  scene.ca.be_odd("order", [url](const FakeCa::Seen& seen) {
    const auto invalid = Reply("200 OK", R"({"status": "invalid"})").with("Content-Type: application/json");
    return seen.url == url ? std::optional(invalid) : std::nullopt;
  });
}

/// The first line of base64 in a key or certificate: JSON on the disk holds it as it is.
std::string first_line(const std::string& pem) {
  const auto begin = pem.find('\n') + 1;
  return pem.substr(begin, pem.find('\n', begin) - begin);
}

}  // namespace

SCENARIO("an order and its certificate's key are on the disk before anything is done with the order") {
  JourneyScene scene;
  std::string at_authorization;
  scene.ca.on_request("authorization", [&] { at_authorization = scene.on_disk("state.json"); });
  REQUIRE(scene.run().empty());
  CHECK_THAT(at_authorization, Contains(scene.ca.url("order/0")));
  CHECK_THAT(at_authorization, Contains(first_line(scene.live("privkey.pem"))));
}

SCENARIO("every TXT value is on the disk before a provider is asked for it") {
  JourneyScene scene;
  scene.request.domains = {"example.test", "*.example.test", "www.example.test"};
  int added = 0;
  scene.provider->on_apply = [&](const std::vector<TxtChange>& changes) {
    const auto kept = scene.on_disk("state.json");
    for (const auto& change : changes) {
      if (change.action != Action::add) continue;
      ++added;
      CHECK_THAT(kept, Contains(change.value));
    }
  };
  REQUIRE(scene.run().empty());
  CHECK(added == 3);
}

SCENARIO("the state knows of a generation before services see it, and the disk has it whole") {
  JourneyScene scene;
  REQUIRE(scene.run().empty());
  std::string at_switch;
  const auto is_switch = [](const test::DiskStep& step) { return step.text() == "rename new web to web"; };
  const test::WatchedDisk disk([&](const test::DiskStep& step) {
    if (is_switch(step)) at_switch = scene.on_disk("state.json");
  });
  REQUIRE(scene.run().empty());
  const auto kept = store::certificate_from_json(json::parse(at_switch).value_or(json::Value()));
  REQUIRE(kept);
  REQUIRE(kept->issued);
  CHECK(kept->issued->generation == 2);

  const auto steps = disk.texts({"sync", "rename"});
  const auto place = [&steps](const std::string& step) { return std::ranges::find(steps, step) - steps.begin(); };
  const auto named = place("rename new 0002 to 0002");
  const auto switched = place("rename new web to web");
  REQUIRE(named < switched);
  for (const std::string file : {"privkey.pem", "cert.pem", "chain.pem", "fullchain.pem", "meta.json"}) {
    CHECK(place("sync " + file) < named);
  }
  // The folder's own name is "web" as well.
  CHECK(std::count(steps.begin() + named, steps.begin() + switched, "sync web") > 0);
}

SCENARIO("each certificate and each renewal has a key of its own") {
  JourneyScene scene;
  std::set<std::string> keys;
  for (const std::string name : {"web", "web", "mail", "mail"}) {
    scene.request.name = name;
    REQUIRE(scene.run().empty());
    keys.insert(scene.live("privkey.pem"));
  }
  CHECK(keys.size() == 4);
}

SCENARIO("the CA is told when the DNS shows every value, and not before") {
  JourneyScene scene;
  std::atomic<int> showing = 0;
  std::atomic<int> told_early = 0;
  scene.hidden_answers = 5;
  scene.on_txt = [&] { ++showing; };
  scene.ca.on_request("challenge", [&] { told_early += showing > 5 ? 0 : 1; });
  CHECK(scene.run().empty());
  CHECK(scene.ca.count("challenge") == 1);
  CHECK(told_early == 0);
}

SCENARIO("a CA that is never told, since the DNS shows nothing, keeps its order") {
  JourneyScene scene;
  scene.hidden_answers = 100'000;
  CHECK_THAT(scene.run(), StartsWith("dns:propagation"));
  CHECK(scene.ca.count("challenge") == 0);
  CHECK(scene.provider->values.empty());
  scene.hidden_answers = 0;
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("a failure leaves no value in the DNS") {
  JourneyScene scene;
  WHEN("the CA finds the proof wrong") {
    scene.ca.on_request("challenge", [&] { make_order_invalid(scene); });
    CHECK_THAT(scene.run(), StartsWith("acme:invalid"));
  }
  WHEN("the CA refuses to be told") {
    scene.ca.instead("challenge", problem("403 Forbidden", "unauthorized"));
    CHECK_THAT(scene.run(), StartsWith("acme:unauthorized"));
  }
  CHECK(scene.provider->calls == 2);
  CHECK(scene.provider->values.empty());
  CHECK(scene.state().values.empty());
}

SCENARIO("a value that could not be removed costs no certificate, and is not forgotten") {
  JourneyScene scene;
  scene.provider->keeps_values = true;
  CHECK(scene.run().empty());
  CHECK(scene.provider->values.size() == 1);
  CHECK(scene.state().values.size() == 1);
  scene.provider->keeps_values = false;
  CHECK(scene.run().empty());
  CHECK(scene.provider->values.empty());
  CHECK(scene.state().values.empty());
}

SCENARIO("a value whose provider is not configured any more is remembered for as long as the DNS shows it") {
  JourneyScene scene;
  auto state = scene.state();
  state.values = {{"former", "example.test", "", own_challenge.text(), "value"}};
  run(scene.loop, scene.store.save_certificate("web", state));
  WHEN("a name server shows it") {
    scene.provider->values.emplace(own_challenge, "value");
    CHECK(scene.run().empty());
    REQUIRE(scene.state().values.size() == 1);
    CHECK(scene.state().values.front().provider == "former");
    CHECK_THAT(scene.withdraw_leftovers(), StartsWith("dns:no-provider") && Contains("still stands in the DNS") &&
                                               Contains("ns1.example.test") && Contains("configure provider former"));
  }
  WHEN("none does") {
    CHECK(scene.run().empty());
    CHECK(scene.state().values.empty());
    CHECK(scene.withdraw_leftovers().empty());
  }
  WHEN("none can be asked") {
    scene.name_server.handle([](std::string_view, dns::Transport) { return std::nullopt; });
    CHECK_THAT(scene.withdraw_leftovers(), StartsWith("dns:timeout") && Contains("cannot be found out"));
    CHECK(scene.state().values.size() == 1);
  }
}

SCENARIO("a value whose zone is gone is remembered for as long as the DNS shows it") {
  JourneyScene scene;
  scene.provider->has_lost_its_zone = true;
  CHECK(scene.run().empty());
  CHECK(scene.state().values.size() == 1);
  CHECK_THAT(scene.withdraw_leftovers(), StartsWith("dns:no-provider") && Contains("the zone is gone"));
  scene.provider->values.clear();
  CHECK(scene.withdraw_leftovers().empty());
  CHECK(scene.state().values.empty());
}

SCENARIO("a value that was refused and is nowhere to be seen is no trouble of its own") {
  JourneyScene scene;
  scene.provider->refuses = true;
  CHECK_THAT(scene.run(), StartsWith("http:403"));
  CHECK(scene.state().values.empty());
  WHEN("an earlier run had put values there, they are not forgotten") {
    scene.provider->refuses = false;
    scene.provider->keeps_values = true;
    scene.ca.instead("challenge", {"503 Service Unavailable", "<html>back soon</html>"});
    scene.run();
    REQUIRE(scene.provider->values.size() == 1);
    scene.provider->refuses = true;
    CHECK_THAT(scene.run(), StartsWith("http:403"));
    CHECK(scene.state().values.size() == 1);
  }
}

SCENARIO("a response that the CA takes and does not confirm ends nothing") {
  JourneyScene scene;
  scene.ca.change_answers("challenge", [](const FakeCa::Seen&, FakeCa::Reply) {
    return problem("500 Internal Server Error", "serverInternal");
  });
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
  CHECK(scene.ca.count("challenge") == 1);
}

SCENARIO("a run that is stopped leaves what the next one goes on with") {
  JourneyScene scene;
  std::stop_source stop;
  scene.hidden_answers = 100'000;
  scene.on_txt = [&stop] { stop.request_stop(); };
  CHECK(scene.run(stop.get_token()) == "cancelled");
  CHECK(scene.provider->values.size() == 1);
  CHECK(scene.state().values.size() == 1);
  REQUIRE(scene.state().order);
  const auto key = scene.state().order->key_pem.reveal();

  scene.on_txt = {};
  scene.hidden_answers = 0;
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
  CHECK(scene.live("privkey.pem") == key);
  CHECK(scene.provider->values.empty());
}

SCENARIO("no name is proved that was not ordered, whatever the CA asks for") {
  JourneyScene scene;
  WHEN("it is another name") {
    scene.request.domains = {"www.example.test", "mail.example.test"};
    change_authorizations(scene, [](json::Object& authorization) {
      authorization["identifier"] = json::Object{{"type", "dns"}, {"value", "victim.example.test"}};
    });
  }
  WHEN("it is the wildcard of a name that was ordered") {
    change_authorizations(scene, [](json::Object& authorization) { authorization["wildcard"] = true; });
  }
  CHECK_THAT(scene.run(), StartsWith("acme:authorization"));
  CHECK(scene.provider->calls == 0);
}

SCENARIO("a wildcard is proved however the CA marks its authorization") {
  JourneyScene scene;
  scene.request.domains = {"*.example.test"};
  WHEN("it does not") {
    change_authorizations(scene, [](json::Object& authorization) { authorization.erase("wildcard"); });
  }
  WHEN("it leaves it in the name") {
    change_authorizations(scene, [](json::Object& authorization) {
      authorization.erase("wildcard");
      authorization["identifier"] = json::Object{{"type", "dns"}, {"value", "*.Example.test"}};
    });
  }
  WHEN("the base domain is ordered as well") {
    scene.request.domains = {"example.test", "*.example.test"};
    change_authorizations(scene, [](json::Object& authorization) { authorization.erase("wildcard"); });
  }
  CHECK(scene.run().empty());
  CHECK(scene.provider->published == std::set{dns::Name("_acme-challenge.example.test")});
}

SCENARIO("who cannot prove a name says why") {
  JourneyScene scene;
  WHEN("no provider serves it") {
    scene.context.routes = {};
    CHECK_THAT(scene.run(),
               StartsWith("dns:no-provider") &&
                   Contains("no provider serves _acme-challenge.www.example.test: add its zone example.test"));
  }
  WHEN("its provider has no zone for it") {
    scene.provider->has_no_zone = true;
    CHECK_THAT(scene.run(), StartsWith("dns:no-zone") && Contains("provider shown has no zone"));
  }
  WHEN("the CA offers no dns-01") {
    change_authorizations(scene, [](json::Object& authorization) {
      authorization["challenges"] = json::Array{json::Object{
          {"type", "http-01"}, {"url", "http://ca.test/c"}, {"status", "pending"}, {"token", "a-Token_0"}}};
    });
    CHECK_THAT(scene.run(), StartsWith("acme:no-challenge") && Contains("fake offers no dns-01 challenge"));
  }
  CHECK(scene.provider->calls == 0);
}

SCENARIO("all names that are in trouble are told in one run") {
  JourneyScene scene;
  scene.request.domains = {"a.example.test", "b.example.test", "www.lost.test", "c.example.test"};
  scene.resolver.say("lost.test", dns::Type::soa, {.rcode = dns::Rcode::nxdomain, .authority = {dns::fake::soa("")}});
  scene.resolver.say("www.lost.test", dns::Type::soa,
                     {.rcode = dns::Rcode::nxdomain, .authority = {dns::fake::soa("")}});
  scene.provider->has_no_zone = true;
  scene.context.routes = config::Routes({{"example.test", "shown"}, {"lost.test", "shown"}});
  const auto outcome = scene.run();
  CHECK_THAT(outcome, Contains("provider shown has no zone for _acme-challenge.a.example.test, "
                               "_acme-challenge.b.example.test, _acme-challenge.c.example.test: ") &&
                          Contains("no zone holds www.lost.test"));
  CHECK(scene.provider->calls == 0);
}

SCENARIO("a value goes only into the zone that the DNS shows") {
  JourneyScene scene;
  const auto differ = [&scene] {
    const auto outcome = scene.run();
    CHECK(scene.provider->calls == 0);
    CHECK(scene.state().values.empty());
    return outcome;
  };
  WHEN("the provider has one that nobody delegates") {
    scene.provider->only_zone = dns::Name("www.example.test");
    CHECK_THAT(differ(), StartsWith("dns:zones-differ") && Contains("its zone www.example.test") &&
                             Contains("in the zone example.test (asked: 127.0.1.7") && Contains("`resolvers`"));
  }
  WHEN("the DNS has one of which the provider does not know") {
    scene.provider->only_zone = dns::Name("test");
    CHECK_THAT(differ(), StartsWith("dns:zones-differ") && Contains("its zone test,") &&
                             Contains("in the zone example.test (asked: 127.0.1.7") && Contains("`resolvers`"));
  }
  WHEN("the provider's is another one of the same name") {
    scene.provider->own_name_servers = {dns::Name("ns.former.test"), dns::Name("ns2.former.test")};
    CHECK_THAT(differ(), StartsWith("dns:zones-differ") && Contains("ns.former.test, ns2.former.test there, but "
                                                                    "ns1.example.test according to the DNS"));
  }
  WHEN("the zone above delegates to another one of the same name than the resolvers know") {
    dns::fake::NameServer parent(scene.loop, "127.0.1.5");
    dns::fake::NameServer other(scene.loop, "127.0.1.6");
    for (const auto& [host, address] : {std::pair{"ns.test", "127.0.1.5"}, std::pair{"ns.other.test", "127.0.1.6"}}) {
      scene.resolver.say(host, dns::Type::a, {.answer = {dns::fake::address(host, address)}});
      scene.resolver.say(host, dns::Type::aaaa, {});
    }
    scene.resolver.say("test", dns::Type::soa, {.answer = {dns::fake::soa("test")}});
    scene.resolver.say("test", dns::Type::ns, {.answer = {dns::fake::ns("test", "ns.test")}});
    parent.say("example.test", dns::Type::ns,
               {.authoritative = false, .authority = {dns::fake::ns("example.test", "ns.other.test")}});
    other.say("example.test", dns::Type::ns, {.answer = {dns::fake::ns("example.test", "ns.other.test")}});
    CHECK_THAT(differ(), StartsWith("dns:zones-differ") && Contains("two zones example.test") &&
                             Contains("one at ns1.example.test (asked: 127.0.1.7") &&
                             Contains("delegates to ns.other.test") && Contains("`resolvers`"));
  }
  WHEN("it has moved in part only") {
    scene.provider->own_name_servers = {dns::Name("ns.former.test"), dns::Name("ns1.example.test")};
    CHECK(scene.run().empty());
  }
  WHEN("the operator said not to look at the DNS") {
    scene.provider->only_zone = dns::Name("www.example.test");
    scene.provider->own_name_servers = {dns::Name("ns.former.test")};
    dns::PropagationPolicy policy;
    policy.require = dns::Require::none;
    scene.request.policies = std::make_shared<Policies>(Policies{{"shown", policy}});
    CHECK(scene.run().empty());
  }
}

SCENARIO("an alias leads only where somebody meant challenges to be") {
  JourneyScene scene;
  const dns::Name target("proofs.other.test");
  scene.aliases[own_challenge] = target;
  scene.context.routes.add({"other.test", "shown"});
  const auto refused = [&scene] {
    const auto outcome = scene.run();
    CHECK(scene.provider->calls == 0);
    return outcome;
  };
  WHEN("nothing is there, and the same provider keeps it") {
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{target});
  }
  WHEN("something else is there") {
    scene.hosts = {target};
    CHECK_THAT(refused(), StartsWith("dns:alias") &&
                              Contains("is an alias (CNAME) of proofs.other.test, where other") &&
                              Contains("add _acme-challenge.www.example.test to `delegated` of [provider.shown]"));
  }
  WHEN("a wildcard answers for it") {
    scene.hosts = {target, dns::Name("acmed-is-not-here.other.test")};
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{target});
  }
  WHEN("somebody reads the TXT records there") {
    scene.provider->values.emplace(target, "v=spf1 -all");
    CHECK_THAT(refused(), StartsWith("dns:alias") && Contains("(TXT)"));
  }
  WHEN("something else is there, and it is declared") {
    scene.hosts = {target};
    scene.context.routes.add({own_challenge.text(), "shown", true});
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{target});
  }
  WHEN("it is another provider's") {
    scene.context.routes = config::Routes({{"example.test", "another"}, {"other.test", "shown"}});
    CHECK_THAT(refused(), StartsWith("dns:alias") && Contains("which is another provider's"));
  }
  WHEN("it is another provider's, and for challenges by its name") {
    scene.context.routes.add({"www.example.test", "another"});
    scene.aliases[own_challenge] = dns::Name("_acme-challenge.other.test");
    CHECK(scene.run().empty());
  }
  WHEN("it is a wildcard") {
    for (const std::string wildcard : {"*.other.test", "*.example.test", "a.*.other.test"}) {
      scene.aliases[own_challenge] = dns::Name(wildcard);
      scene.discovery.forget();
      CHECK_THAT(refused(), StartsWith("dns:alias") && Contains("a wildcard"));
    }
  }
}

SCENARIO("a wildcard CNAME is followed where somebody meant it, and nowhere else") {
  JourneyScene scene;
  WHEN("it is there for hosts") {
    scene.wildcard_target = "hosts.example.test";
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{own_challenge});
  }
  WHEN("it leads to a challenge name") {
    scene.wildcard_target = "_acme-challenge.hub.example.test";
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{dns::Name("_acme-challenge.hub.example.test")});
  }
  WHEN("it leads to a zone where nothing but challenges is") {
    scene.wildcard_target = "www.proofs.example.test";
    scene.context.routes.add({"proofs.example.test", "shown", false, true});
    CHECK(scene.run().empty());
    CHECK(scene.provider->published == std::set{dns::Name("www.proofs.example.test")});
  }
}

}  // namespace acmed::issue
