// SPDX-License-Identifier: Apache-2.0
#include "providers/responder/responder.h"

#include <unistd.h>

#include "base/runtime/scope.h"
#include "dns/query.h"
#include "dns/wire.h"
#include "providers/registry.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"
#include "tests/unit/providers/conformance.h"

using namespace acmed;
using namespace acmed::providers;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

std::string address(const std::string& ip) {
  return ip + ":" + std::to_string(20'000 + ::getpid() % 12'000);
}

config::Provider configured(const std::string& ip) {
  config::Provider provider;
  provider.name = "here";
  provider.zones = {"example.test"};
  provider.delegated = {"other.test"};
  config::Responder settings;
  settings.listen = {address(ip)};
  settings.addresses = {"192.0.2.1"};
  provider.settings = settings;
  return provider;
}

class ResponderStage final : public Stage {
 public:
  Loop& loop() override { return loop_; }
  std::unique_ptr<Provider> make_provider() override {
    return providers::make_provider(configured("127.0.4.1"), loop_, discovery_, &servers_);
  }
  dns::Name zone() override { return dns::Name("example.test"); }
  /// What a client is told.
  std::set<std::string> values_at(const dns::Name& name) override {
    const auto endpoint = *dns::Endpoint::parse(address("127.0.4.1"));
    const auto reply = run(loop_, dns::ask(endpoint, {name, dns::Type::txt}, {}));
    REQUIRE(reply.is_message());
    std::set<std::string> values;
    for (const auto& record : reply.message.answer) values.insert(std::get<dns::Text>(record.data).value);
    return values;
  }
  void put(const dns::Name& name, const std::string& value) override {
    servers_.at("here")->zones().add(name, value, 60);
    servers_.at("here")->commit();
  }

 private:
  Loop loop_;
  dns::Discovery discovery_{loop_, {*dns::Endpoint::parse("127.0.1.7")}};
  NameServers servers_;
};

struct Scene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)};
  Loop loop{clock};
  dns::Discovery discovery{loop, {*dns::Endpoint::parse("127.0.1.7")}};
  NameServers servers;

  std::unique_ptr<Provider> make(const config::Provider& provider) {
    return make_provider(provider, loop, discovery, &servers);
  }
  std::string add(Provider& provider, const std::string& name, const std::string& value) {
    return outcome_of([&] {
      run(loop, provider.apply({dns::Name("example.test"), {}}, {{Action::add, dns::Name(name), value, 60s}}));
    });
  }
  int values(const std::string& name) {
    std::string wire;
    dns::append_name(wire, dns::Name(name));
    const auto* node = servers.at("here")->zones().find(wire).node;
    return node == nullptr ? 0 : node->txt.count;
  }
};

}  // namespace

SCENARIO("responder does what every provider must") {
  ResponderStage stage;
  check_conformance(stage);
}

SCENARIO("a name that should lead to a responder, but does not, is told with the record that is missing") {
  Scene scene;
  const auto provider = scene.make(configured("127.0.4.2"));
  CHECK(outcome_of([&] { run(scene.loop, provider->zone_of(dns::Name("_acme-challenge.www.other.test"))); }) ==
        "refused dns:no-zone provider here: _acme-challenge.www.other.test does not lead here: where its zone is kept, "
        "add the record _acme-challenge.www.other.test. CNAME www.other.test.example.test.");
  CHECK_FALSE(run(scene.loop, provider->zone_of(dns::Name("_acme-challenge.elsewhere.test"))));
}

SCENARIO("a responder that cannot listen adds no value, but removes them") {
  Scene scene;
  const auto provider = scene.make(configured("192.0.2.1"));
  const dns::Name name("x.example.test");
  const auto told = Contains("retry listen:EADDRNOTAVAIL provider here: cannot listen on 192.0.2.1:");
  CHECK_THAT(outcome_of([&] { run(scene.loop, provider->zone_of(name)); }), told);
  CHECK_THAT(outcome_of([&] { run(scene.loop, provider->check_credentials()); }), told);
  CHECK_THAT(outcome_of([&] { provider->check_ready(); }), told);
  CHECK_THAT(scene.add(*provider, "x.example.test", "value"), told);
  CHECK(outcome_of([&] {
          run(scene.loop, provider->apply({dns::Name("example.test"), {}}, {{Action::remove, name, "value", {}}}));
        }) == "made");
}

SCENARIO("what a responder cannot take keeps nothing else back") {
  Scene scene;
  const auto provider = scene.make(configured("127.0.4.3"));
  const auto apply = [&](const std::string& odd_name, const std::string& odd_value) {
    return outcome_of([&] {
      run(scene.loop,
          provider->apply({dns::Name("example.test"), {}}, {{Action::add, dns::Name(odd_name), odd_value, 60s},
                                                            {Action::add, dns::Name("x.example.test"), "value", 60s}}));
    });
  };
  WHEN("a name is not in its zones") {
    CHECK_THAT(apply("x.strange.test", "value"), Contains("refused dns:NOTZONE provider here: x.strange.test"));
  }
  WHEN("a name has no room for one more value") {
    CHECK_THAT(apply("y.example.test", std::string(70'000, 'x')),
               Contains("retry dns:full provider here: no answer in zone example.test can hold one more value at "
                        "y.example.test"));
  }
  CHECK(scene.values("x.example.test") == 1);
}

SCENARIO("the next configuration goes on with what the last one served") {
  Scene scene;
  auto provider = scene.make(configured("127.0.4.4"));
  CHECK(scene.add(*provider, "x.example.test", "value") == "made");
  provider.reset();
  config::Config next;
  WHEN("it has the same responder") {
    next.providers.push_back(configured("127.0.4.4"));
    keep_wanted(scene.servers, next);
    provider = scene.make(next.providers.front());
    CHECK(scene.values("x.example.test") == 1);
  }
  WHEN("it has no such responder") {
    next.providers.push_back(configured("127.0.4.4"));
    next.providers.front().settings = config::Rfc2136{};
    keep_wanted(scene.servers, next);
    CHECK(scene.servers.empty());
  }
}
