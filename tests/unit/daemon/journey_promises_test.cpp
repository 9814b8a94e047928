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

SCENARIO("a value whose provider is not configured any more is remembered until it is") {
  JourneyScene scene;
  auto state = scene.state();
  state.values = {{"former", "example.test", "", own_challenge.text(), "value"}};
  run(scene.loop, scene.store.save_certificate("web", state));
  CHECK(scene.run().empty());
  REQUIRE(scene.state().values.size() == 1);
  CHECK(scene.state().values.front().provider == "former");
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
    CHECK_THAT(scene.run(), StartsWith("acme:no-dns-01") && Contains("fake offers no dns-01 challenge"));
  }
  CHECK(scene.provider->calls == 0);
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
