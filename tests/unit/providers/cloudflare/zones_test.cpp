// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tests/unit/catch.h"
#include "tests/unit/providers/cloudflare/scene.h"

using namespace acmed;
using namespace acmed::providers;
using Catch::Contains;
using Catch::StartsWith;

namespace {

std::string found(const std::string& apex, int id) {
  return apex + " " + FakeCloudflare::id(id);
}

Task<> find_zones(Provider* provider, int count) {
  std::vector<Task<std::optional<Zone>>> tasks;
  for (int i = 0; i < count; ++i) {
    tasks.push_back(provider->zone_of(dns::Name(fmt::format("_acme-challenge.h{}.example.test", i))));
  }
  co_await when_all(std::move(tasks));
}

const auto* const may_not_list = "Actor 'x' requires permission 'com.cloudflare.api.account.zone.list' to list zones";

}  // namespace

SCENARIO("the zone of a name is the longest active one") {
  CloudflareScene scene;
  const auto provider = scene.provider();

  WHEN("zones lie within each other") {
    scene.fake.zones = {{FakeCloudflare::id(2), "sub.example.test"},
                        {FakeCloudflare::id(1), "example.test"},
                        {FakeCloudflare::id(3), "le.test"}};
    CHECK(scene.zone_of(*provider, "_acme-challenge.a.sub.example.test") == found("sub.example.test", 2));
    CHECK(scene.zone_of(*provider, "sub.example.test") == found("sub.example.test", 2));
    CHECK(scene.zone_of(*provider, "_acme-challenge.a.example.test") == found("example.test", 1));
    CHECK(scene.zone_of(*provider, "xsub.example.test") == found("example.test", 1));
  }
  WHEN("it is there a second time, not yet active") {
    scene.fake.zones = {{FakeCloudflare::id(7), "example.test", "pending"},
                        {FakeCloudflare::id(1), "example.test"},
                        {FakeCloudflare::id(8), "example.test", "moved"},
                        {FakeCloudflare::id(9), "a.example.test", "pending"}};
    CHECK(scene.zone_of(*provider, "_acme-challenge.a.example.test") == found("example.test", 1));
  }
  WHEN("it is not active at all") {
    scene.fake.zones = {{FakeCloudflare::id(7), "example.test", "pending", "full", {"a.ns.test", "b.ns.test"}}};
    CHECK(scene.zone_of(*provider, "_acme-challenge.example.test") ==
          "refused cloudflare:zone-status Cloudflare has the zone example.test for "
          "_acme-challenge.example.test, but as \"pending\" and not as \"active\": its name servers (a.ns.test, "
          "b.ns.test) do not serve it yet. Name them at the domain's registrar, and wait until Cloudflare has seen it");
  }
  WHEN("it has been moved away") {
    scene.fake.zones = {{FakeCloudflare::id(7), "example.test", "moved"}};
    CHECK_THAT(scene.zone_of(*provider, "_acme-challenge.example.test"),
               Contains("as \"moved\" and not as \"active\": the domain was delegated to other name servers"));
  }
  WHEN("it is of a type that Cloudflare does not serve from what is written there") {
    for (const auto& [type, mend] : std::initializer_list<std::pair<std::string, std::string>>{
             {"partial", "a CNAME set-up: other name servers than Cloudflare's serve it"},
             {"secondary", "which Cloudflare copies from a primary server elsewhere"},
             {"internal", "which only resolvers of the account see and no CA"}}) {
      INFO(type);
      scene.fake.zones = {{FakeCloudflare::id(7), "example.test", "active", type}};
      CHECK_THAT(scene.zone_of(*scene.provider(), "_acme-challenge.example.test"),
                 StartsWith("refused cloudflare:zone-status Cloudflare has the zone example.test for "
                            "_acme-challenge.example.test, but of type \"" +
                            type + "\", " + mend));
      scene.fake.zones.push_back({FakeCloudflare::id(1), "example.test"});
      CHECK(scene.zone_of(*scene.provider(), "_acme-challenge.example.test") == found("example.test", 1));
    }
    scene.fake.zones = {{FakeCloudflare::id(1), "example.test", "active", "of tomorrow"}};
    CHECK(scene.zone_of(*scene.provider(), "_acme-challenge.example.test") == found("example.test", 1));
  }
  WHEN("Cloudflare writes it in Unicode") {
    scene.fake.zones = {{FakeCloudflare::id(4),
                         "b\xc3\xbc"
                         "cher.test"}};
    CHECK(scene.zone_of(*provider, "_acme-challenge.xn--bcher-kva.test") == found("xn--bcher-kva.test", 4));
  }
  WHEN("what is listed is no zone") {
    scene.fake.zones = {
        {"../../x", "example.test"}, {FakeCloudflare::id(5), "no name"}, {FakeCloudflare::id(1), "example.test"}};
    CHECK(scene.zone_of(*provider, "example.test") == found("example.test", 1));
  }
}

SCENARIO("a name without a zone is no failure unless the provider is configured for it") {
  CloudflareScene scene;
  scene.fake.zones.clear();
  const auto provider = scene.provider();
  CHECK(scene.zone_of(*provider, "_acme-challenge.elsewhere.invalid") == "none");
  CHECK_THAT(scene.zone_of(*provider, "_acme-challenge.example.test"),
             StartsWith("refused cloudflare:no-zone its token sees no zone of Cloudflare that holds "
                        "_acme-challenge.example.test: give it the permission Zone / Zone / Read for that zone"));
}

SCENARIO("one listing serves all names") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  WHEN("a hundred are asked for") {
    run(scene.loop, find_zones(provider.get(), 100));
    CHECK(scene.fake.calls == std::vector<std::string>{"GET /zones?per_page=50&page=1"});
    THEN("another one is answered without a call, until it rests") {
      scene.zone_of(*provider, "example.test");
      CHECK(scene.fake.calls.size() == 1);
      provider->rest();
      scene.zone_of(*provider, "example.test");
      CHECK(scene.fake.calls.size() == 2);
    }
  }
  WHEN("it has several pages") {
    scene.fake.zones.clear();
    for (int i = 1; i <= 120; ++i) scene.fake.zones.push_back({FakeCloudflare::id(i), fmt::format("z{}.test", i)});
    scene.fake.zones.push_back({FakeCloudflare::id(500), "example.test"});
    CHECK(scene.zone_of(*provider, "example.test") == found("example.test", 500));
    CHECK(scene.fake.calls == std::vector<std::string>{"GET /zones?per_page=50&page=1", "GET /zones?per_page=50&page=2",
                                                       "GET /zones?per_page=50&page=3"});
  }
  WHEN("Cloudflare tells of more pages than it has") {
    const std::int64_t pages = GENERATE(900, std::int64_t{1} << 60);
    scene.fake.instead = {FakeCloudflare::success(json::Array{}, {{"total_pages", pages}})};
    CHECK(scene.zone_of(*provider, "elsewhere.test") == "none");
    CHECK(scene.fake.calls.size() == 1);
  }
}

SCENARIO("with a zone id no zone is looked up") {
  CloudflareScene scene;
  scene.settings.zone_id = FakeCloudflare::id(77);
  const auto provider = scene.provider();
  CHECK(scene.zone_of(*provider, "_acme-challenge.a.example.test") == found("example.test", 77));
  CHECK(scene.zone_of(*provider, "example.testy") == "none");
  CHECK(scene.fake.calls.empty());
}

SCENARIO("zones are looked up with the token for that") {
  CloudflareScene scene;
  scene.settings.zone_token = Secret("the-zone-token");
  const auto provider = scene.provider();
  scene.zone_of(*provider, "example.test");
  scene.apply(*provider, {{Action::add, dns::Name("a.example.test"), "v", {}}});
  CHECK(scene.fake.tokens == std::vector<std::string>{"the-zone-token", "the-token"});
}

SCENARIO("a token that may not list zones can still ask for them by name") {
  CloudflareScene scene;
  scene.zones = {"a.sub.example.test", "b.sub.example.test", "other.test"};
  const auto provider = scene.provider();
  const auto refused = FakeCloudflare::refusal(403, 0, may_not_list);
  scene.fake.instead = {refused, refused};  // the list, and one name
  CHECK(scene.zone_of(*provider, "_acme-challenge.a.sub.example.test") == found("example.test", 1));
  CHECK(scene.fake.calls ==
        std::vector<std::string>{
            "GET /zones?per_page=50&page=1", "GET /zones?per_page=50&name=a.sub.example.test",
            "GET /zones?per_page=50&name=sub.example.test", "GET /zones?per_page=50&name=example.test",
            "GET /zones?per_page=50&name=b.sub.example.test", "GET /zones?per_page=50&name=other.test"});

  WHEN("a zone is found further down") {
    scene.fake.zones.push_back({FakeCloudflare::id(2), "sub.example.test"});
    scene.fake.calls.clear();
    scene.fake.instead = {refused};
    CHECK(scene.zone_of(*scene.provider(), "_acme-challenge.a.sub.example.test") == found("sub.example.test", 2));
    CHECK(scene.fake.calls_with("name=example.test") == 0);
  }
  WHEN("it may not do that either") {
    const auto another = scene.provider();
    scene.fake.instead.assign(20, refused);
    CHECK_THAT(scene.zone_of(*another, "_acme-challenge.a.sub.example.test"),
               StartsWith("refused http:403 Cloudflare refuses to list zones (0: Actor 'x' requires") &&
                   Contains("the token of [provider.cf] must be right") &&
                   Contains("have the permission Zone / Zone / Read for a.sub.example.test, b.sub.example.test, "
                            "other.test (not needed with zone_id)"));
  }
}

SCENARIO("a refusal to list zones names the permission") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  scene.fake.instead = {FakeCloudflare::refusal(403, 9109, "Unauthorized to access requested resource")};
  CHECK_THAT(scene.zone_of(*provider, "example.test"),
             StartsWith("refused cloudflare:9109 Cloudflare refuses to list zones (9109: Unauthorized") &&
                 Contains("Zone / Zone / Read"));
  THEN("no more is asked for than that") {
    CHECK(scene.fake.calls.size() == 1);
  }
}
