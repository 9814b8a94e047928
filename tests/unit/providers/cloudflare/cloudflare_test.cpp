// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/cloudflare.h"

#include <fmt/format.h>

#include "providers/registry.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/cloudflare/scene.h"
#include "tests/unit/providers/conformance.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;

namespace {

constexpr std::size_t often = 50;  // more than a request is sent again

const dns::Name challenge("_acme-challenge.example.test");

std::vector<TxtChange> one_change() {
  return {{Action::add, challenge, "value", 60s}};
}

std::string raw(const std::string& status, const std::string& headers, const std::string& body) {
  return test::answer(status, headers, body);
}

class CloudflareStage final : public Stage {
 public:
  CloudflareStage() {
    configured_.name = "cf";
    configured_.zones = {"example.test"};
    configured_.settings = config::Cloudflare{Secret("the-token"), std::nullopt, {}, fake_.url(), {}};
  }

  Loop& loop() override { return loop_; }
  std::unique_ptr<Provider> make_provider() override {
    return providers::make_provider(configured_, loop_, discovery_);
  }
  dns::Name zone() override { return dns::Name("example.test"); }
  std::set<std::string> values_at(const dns::Name& name) override { return fake_.values_at(name.text()); }
  void put(const dns::Name& name, const std::string& value) override { fake_.put(name.text(), value); }
  bool fault(Fault fault) override {
    if (fault == Fault::credentials) answer_with(FakeCloudflare::refusal(403, 9109, "Invalid access token"));
    if (fault == Fault::throttled) answer_with(raw("429 X", "retry-after: 300\r\n", "error code: 1015"));
    if (fault == Fault::garbage) answer_with(raw("200 OK", "Content-Type: application/json\r\n", "[]"));
    return fault != Fault::silent;  // which takes its time, and is for the lab
  }
  void heal() override { fake_.instead.clear(); }

 private:
  void answer_with(const std::string& response) { fake_.instead.assign(20, response); }

  Loop loop_;
  dns::Discovery discovery_{loop_, {*dns::Endpoint::parse("127.0.1.7")}};
  FakeCloudflare fake_;
  config::Provider configured_;
};

std::string check(CloudflareScene& scene) {
  const auto provider = scene.provider();
  std::string said;
  const auto outcome = outcome_of([&] { said = run(scene.loop, provider->check_credentials()).value_or("nothing"); });
  return outcome == "made" ? said : outcome;
}

std::string verified(const std::string& status, const std::string& expires_on) {
  json::Object result{{"id", "x"}, {"status", status}};
  if (!expires_on.empty()) result["expires_on"] = expires_on;
  return FakeCloudflare::success(std::move(result));
}

std::string in(const Loop& loop, Duration duration) {
  return to_rfc3339(loop.clock().now() + duration);
}

Task<> apply_and_count(Provider* provider, dns::Name name, int* made) {
  try {
    co_await provider->apply({dns::Name("example.test"), FakeCloudflare::id(1)}, {{Action::add, name, "value", 60s}});
    ++*made;
  } catch (const Throttled&) {
    co_return;
  }
}

Task<> apply_to_each(Provider* provider, int count, int* made) {
  std::vector<Task<>> tasks;
  for (int i = 0; i < count; ++i) {
    tasks.push_back(apply_and_count(provider, dns::Name(fmt::format("h{}.example.test", i)), made));
  }
  co_await when_all(std::move(tasks));
}

Error failure_of(CloudflareScene& scene, Provider& provider) {
  try {
    run(scene.loop, provider.apply({dns::Name("example.test"), FakeCloudflare::id(1)}, one_change()));
  } catch (const Error& error) {
    return error;
  }
  FAIL("it succeeded");
  throw std::logic_error("unreachable");
}

}  // namespace

SCENARIO("cloudflare does what every provider must") {
  CloudflareStage stage;
  check_conformance(stage);
}

SCENARIO("what is no answer of the API is tried again") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  const auto said = [&](const std::string& response) {
    scene.fake.instead = std::deque<std::string>(often, response);
    auto outcome = scene.apply(*provider, one_change());
    scene.fake.instead.clear();
    return outcome;
  };
  CHECK_THAT(said(raw("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>\n<title>Bad gateway")),
             StartsWith("retry http:502 http://127.0.0.1:") && Contains("answered an HTML page with status 502") &&
                 Contains(": <html> <title>Bad gateway"));
  CHECK_THAT(said(raw("403 Forbidden", "Content-Type: text/html\r\n", "<html>")),
             StartsWith("retry cloudflare:answer "));
  CHECK_THAT(said(raw("200 OK", "", "")), Contains("answered nothing with status 200"));
  CHECK_THAT(said(raw("200 OK", "Content-Type: application/json\r\n", "{\"ok\":true}")),
             Contains("answered other JSON"));
  CHECK_THAT(said(raw("500 X", "Content-Type: text/plain\r\n", "you sent the-token")),
             !Contains("the-token") && Contains("you sent ***"));
  CHECK_THAT(said(FakeCloudflare::refusal(503, 10013, "try\x1b[31m again")),
             StartsWith("retry http:503 Cloudflare is in trouble (status 503, 10013: try [31m again)"));
  CHECK(scene.fake.records.empty());

  WHEN("nobody listens") {
    scene.settings.url = "http://127.0.0.1:1";
    CHECK_THAT(scene.apply(*scene.provider(), one_change()), StartsWith("retry curl:7 cannot connect"));
  }
}

SCENARIO("one bad gateway does not end a try, whichever call meets it") {
  for (std::size_t met = 0; met < 2; ++met) {
    CloudflareScene scene;
    const auto provider = scene.provider();
    const auto page = raw("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>");
    if (met == 0) scene.fake.instead = {page};
    CHECK(scene.zone_of(*provider, "_acme-challenge.example.test") == "example.test " + FakeCloudflare::id(1));
    if (met == 1) scene.fake.instead = {page};
    CHECK(scene.apply(*provider, one_change()) == "made");
    CHECK(scene.fake.records.size() == 1);
  }
}

SCENARIO("after too many requests nothing is sent before Retry-After") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  const auto before = scene.loop.clock().now();
  scene.fake.instead = {raw("429 Too Many", "Retry-After: 200\r\n", "{\"success\":false,\"errors\":[]}")};
  auto error = failure_of(scene, *provider);
  CHECK(error.advice() == Error::Advice::throttled);
  CHECK(error.cause() == "http:429");
  CHECK(error.not_before().value() >= before + 200s);
  CHECK(error.not_before().value() <= scene.loop.clock().now() + 200s);
  CHECK_THAT(error.what(), StartsWith("Cloudflare had too many requests"));

  error = failure_of(scene, *provider);
  CHECK(error.advice() == Error::Advice::throttled);
  CHECK(error.cause() == "cloudflare:budget");
  CHECK(error.not_before().value() >= before + 200s - 1s);
  CHECK(scene.fake.calls.size() == 1);

  WHEN("it does not say when") {
    scene.fake.instead = {raw("429 Too Many", "", "<html>")};
    CHECK(failure_of(scene, *scene.provider()).not_before().value() >= before + 300s);
  }
}

SCENARIO("the last requests that are allowed are not followed by another") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  WHEN("the budget is renewed later") {
    scene.fake.headers = "Ratelimit: \"default\";r=0;t=120\r\n";
    CHECK(scene.apply(*provider, one_change()) == "made");
    const auto error = failure_of(scene, *provider);
    CHECK(error.advice() == Error::Advice::throttled);
    CHECK(error.not_before().value() > scene.loop.clock().now() + 110s);
    CHECK(scene.fake.calls.size() == 1);
  }
  WHEN("several would be sent at once") {
    scene.fake.headers = "Ratelimit: \"default\";r=2;t=120\r\n";
    CHECK(scene.apply(*provider, one_change()) == "made");
    int made = 0;
    run(scene.loop, apply_to_each(provider.get(), 5, &made));
    CHECK(made == 2);
    CHECK(scene.fake.calls.size() == 3);
  }
  WHEN("the budget is renewed soon") {
    scene.fake.headers = "Ratelimit: \"default\";r=0;t=1\r\n";
    CHECK(scene.apply(*provider, one_change()) == "made");
    const auto before = scene.loop.clock().moment();
    CHECK(scene.apply(*provider, one_change()) == "made");
    CHECK(scene.loop.clock().moment() >= before + 900ms);
  }
}

SCENARIO("a token is checked for how long it is good") {
  CloudflareScene scene;
  WHEN("it does not expire") {
    scene.fake.instead = {verified("active", "")};
    CHECK(check(scene) == "nothing");
    CHECK(scene.fake.calls == std::vector<std::string>{"GET /user/tokens/verify"});
  }
  WHEN("it expires in a while") {
    scene.fake.instead = {verified("active", in(scene.loop, 24h * 15))};
    CHECK(check(scene) == "nothing");
  }
  WHEN("it expires soon") {
    const auto soon = in(scene.loop, 24h * 13);
    scene.fake.instead = {verified("active", soon)};
    CHECK(check(scene) ==
          "its token expires at " + soon + "; make a new one in Cloudflare's dashboard under API Tokens");
  }
  WHEN("it is disabled") {
    scene.fake.instead = {verified("disabled", "")};
    CHECK_THAT(check(scene), StartsWith("its token is disabled; make a new one"));
  }
  WHEN("there are two") {
    scene.settings.zone_token = Secret("the-zone-token");
    scene.fake.instead = {verified("expired", ""), verified("active", in(scene.loop, 1h))};
    CHECK_THAT(check(scene), StartsWith("its token is expired, and its zone_token expires at 2"));
    CHECK(scene.fake.tokens == std::vector<std::string>{"the-token", "the-zone-token"});
  }
}

SCENARIO("a token that cannot be verified is proved by its use") {
  CloudflareScene scene;
  const auto unknown = FakeCloudflare::refusal(401, 1000, "Invalid API Token");
  scene.fake.instead = {unknown};
  WHEN("it belongs to an account and is good") {
    CHECK(check(scene) == "nothing");
    CHECK(scene.fake.calls.size() == 3);
  }
  WHEN("the zone is fixed") {
    scene.settings.zone_id = FakeCloudflare::id(1);
    CHECK(check(scene) == "nothing");
    CHECK(scene.fake.calls_with("/zones?") == 0);
  }
  WHEN("it can do nothing") {
    scene.fake.instead.push_back(FakeCloudflare::refusal(403, 9109, "Invalid access token"));
    CHECK_THAT(check(scene), StartsWith("refused cloudflare:9109 Cloudflare refuses to list zones"));
  }
}

SCENARIO("a resting provider begins anew") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  CHECK(scene.apply(*provider, one_change()) == "made");
  provider->rest();
  CHECK(scene.apply(*provider, {{Action::remove, challenge, "value", {}}}) == "made");
  CHECK(scene.fake.records.empty());
  CHECK(scene.fake.calls.size() == 2);
}
