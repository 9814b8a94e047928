// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/api.h"

#include <fmt/format.h>

#include "base/secret_list.h"
#include "daemon/control/page.h"
#include "tests/unit/catch.h"
#include "tests/unit/control/scene.h"

namespace acmed::control {
namespace {

using namespace std::chrono_literals;

keep::TroubleView trouble(const std::string& what) {
  keep::TroubleView view;
  view.what = what;
  view.sentence = "it said \"no\"";
  view.cause = "deploy:test";
  view.party = Party::host;
  view.failures = 3;
  return view;
}

}  // namespace

SCENARIO("an operator sees every certificate, and how many are how") {
  Scene scene;
  for (int i = 0; i < 100; ++i) scene.kept.add(fmt::format("c{}", i));
  auto& mail = scene.kept.add("mail", keep::State::failing);
  mail.live = keep::LiveView{3, "04ab", scene.clock.now() - 50h * 24, scene.clock.now() + 24h * 9 + 1h};
  mail.troubles = {trouble("deploy:postfix")};
  mail.targets.push_back({"postfix", 2, false, trouble("deploy:postfix")});
  WHEN("the status is asked for") {
    const auto status = scene.ask("GET", "/v1/status").document;
    CHECK(status["certificates"]["total"].integer_or(0) == 101);
    CHECK(status["certificates"]["states"]["valid"].integer_or(0) == 100);
    CHECK(status["certificates"]["states"]["failing"].integer_or(0) == 1);
    CHECK(status["certificates"]["states"]["expired"].integer_or(-1) == 0);
    CHECK(status["cas"].elements().front()["open"].bool_or(false));
    CHECK(status["providers"].elements().front()["trouble"].text_or() == "the key expires tomorrow");
    CHECK_FALSE(status["providers"].elements().front()["ready"].bool_or(true));
    CHECK(status["next"]["certificate"].text_or() == "c0");
  }
  WHEN("the list is asked for") {
    const auto list = scene.ask("GET", "/v1/certificates").document["certificates"].elements();
    REQUIRE(list.size() == 101);
    CHECK(list[100]["name"].text_or() == "mail");
    CHECK(list[100]["live"]["days_left"].integer_or(0) == 9);
    CHECK(list[100]["trouble"]["sentence"].text_or() == "it said \"no\"");
    CHECK(list[100]["trouble"]["party"].text_or() == "host");
    CHECK(list[100]["targets"].elements().front()["trouble"]["failures"].integer_or(0) == 3);
  }
  WHEN("only some are") {
    CHECK(scene.ask("GET", "/v1/certificates?state=failing").document["certificates"].elements().size() == 1);
    CHECK(scene.ask("GET", "/v1/certificates?state=failing&state=valid").document["certificates"].elements().size() ==
          101);
    CHECK(scene.ask("GET", "/v1/certificates?state=failing&ca=lab").document["certificates"].elements().size() == 1);
    CHECK(scene.ask("GET", "/v1/certificates?state=due").document["certificates"].elements().empty());
    CHECK(scene.ask("GET", "/v1/certificates?state=fine").detail().find("there is working, expired") !=
          std::string::npos);
    CHECK(scene.ask("GET", "/v1/certificates?stat=due").detail().find("did you mean state?") != std::string::npos);
    CHECK(scene.ask("GET", "/v1/certificates?ca=lob").status == 404);
  }
  WHEN("one is") {
    const auto one = scene.ask("GET", "/v1/certificates/mail").document;
    CHECK(one["name"].text_or() == "mail");
    CHECK(one["generations"].elements().front()["issuer"].text_or() == "E7");
  }
  WHEN("one is that does not exist") {
    const auto answer = scene.ask("GET", "/v1/certificates/mial");
    CHECK(answer.status == 404);
    CHECK(answer.detail() == "no certificate is named \"mial\"; did you mean mail?");
    CHECK(scene.ask("GET", "/v1/certificates/mail.test").detail() ==
          "no certificate is named \"mail.test\"; that domain is in mail");
    CHECK(answer.document["cause"].text_or() == "control:unknown");
    CHECK(answer.headers.at("Content-Type") == "application/problem+json");
  }
}

SCENARIO("a renewal is asked for, and followed to its end") {
  Scene scene;
  scene.kept.add("web");
  scene.kept.waits = true;
  std::string id;
  json::Value first;
  json::Value second;
  json::Value last;
  const auto after = [&]() -> Task<> {
    const auto running = co_await scene.answered(scene.request("POST", "/v1/certificates/web/renew"));
    second = running.document;
    id = running.document["id"].text_or();
    auto& observer = scene.api.observer();
    observer.began("web");
    observer.ordered("web", "lab", "https://ca.test/order/1", 2);
    observer.published("web", 2);
    dns::ServerReport report{
        {dns::Name("ns2.test"), *dns::Endpoint::parse("192.0.2.2:53"), {}}, dns::Name("web.test"), false, ""};
    report.last_answer = "0 of 2 values";
    observer.looked("web", {report});
    const auto shown = co_await scene.answered(scene.request("GET", "/v1/certificates/web"));
    first = shown.document["work"];
    observer.propagated("web", 4s);
    observer.ended("web");
    scene.kept.outcome = {trouble("issue")};
    scene.kept.released.set();
    co_await sleep_for(1s);
    const auto ended = co_await scene.answered(scene.request("GET", "/v1/operations/" + id));
    last = ended.document;
  };
  const auto begun = scene.ask(scene.request("POST", "/v1/certificates/web/renew", "{\"force\": false}"), after);
  CHECK(begun.status == 202);
  CHECK(begun.headers.at("Location") == "/v1/operations/" + id);
  CHECK(begun.document["state"].text_or() == "running");
  // Who asks for the same meanwhile hears of the same.
  CHECK(second["id"].text_or() == begun.document["id"].text_or());
  CHECK(scene.kept.asked == std::vector<std::string>{"renew web"});
  CHECK(first["step"].text_or() == "propagation");
  CHECK(first["servers"].elements().front()["server"].text_or() == "ns2.test (192.0.2.2)");
  CHECK(first["servers"].elements().front()["says"].text_or() == "0 of 2 values");
  CHECK(last["state"].text_or() == "failed");
  CHECK(last["failures"].elements().front()["sentence"].text_or() == "it said \"no\"");
  REQUIRE(last["steps"].elements().size() == 3);
  CHECK(last["steps"].elements()[0]["step"].text_or() == "ordered");
  CHECK(last["steps"].elements()[2]["sentence"].text_or() == "1 of 1 name servers");
}

SCENARIO("what is asked for reaches the certificate, and nothing else does") {
  Scene scene;
  auto& web = scene.kept.add("web");
  web.targets.push_back({"nginx", 1, true, {}});
  scene.kept.add("bare");
  CHECK(scene.ask("POST", "/v1/certificates/web/renew", "{\"force\": true}").status == 202);
  CHECK(scene.ask("POST", "/v1/certificates/web/deploy", "{\"target\": \"nginx\"}").status == 202);
  CHECK(scene.ask("POST", "/v1/certificates/web/deploy").status == 202);
  CHECK(scene.kept.asked == std::vector<std::string>{"renew web by force", "deploy web nginx", "deploy web"});
  scene.kept.asked.clear();
  CHECK_THAT(scene.ask("POST", "/v1/certificates/web/deploy", "{\"target\": \"ngnix\"}").detail(),
             Catch::Contains("did you mean nginx?"));
  CHECK(scene.ask("POST", "/v1/certificates/bare/deploy").status == 409);
  CHECK_THAT(scene.ask("POST", "/v1/certificates/web/renew", "{\"forse\": true}").detail(),
             Catch::Contains("did you mean force?"));
  CHECK(scene.ask("POST", "/v1/certificates/web/renew", "{\"force\": 1}").status == 400);
  CHECK(scene.ask("POST", "/v1/certificates/web/renew", "[]").status == 400);
  CHECK(scene.ask("POST", "/v1/certificates/web/renew", "{").status == 400);
  CHECK(scene.ask("POST", "/v1/certificates/wbe/renew").status == 404);
  CHECK(scene.ask("GET", "/v1/operations/1-1").status == 404);
  const auto wrong = scene.ask("GET", "/v1/certificates/web/renew");
  CHECK(wrong.status == 405);
  CHECK(wrong.headers.at("Allow") == "POST");
  CHECK(scene.ask("DELETE", "/v1/certificates/web").headers.at("Allow") == "GET, HEAD");
  CHECK_THAT(scene.ask("GET", "/v1/certificate").detail(), Catch::Contains("did you mean /v1/certificates?"));
  CHECK(scene.kept.asked.empty());
}

SCENARIO("a revocation is asked for with its generation and reason, and only with one that is the owner's to give") {
  Scene scene;
  scene.kept.add("web");
  const auto revoke = [&scene](const std::string& body) {
    return scene.ask("POST", "/v1/certificates/web/revoke", body);
  };
  CHECK(revoke("").status == 202);
  CHECK(revoke(R"({"generation": 3, "reason": "keyCompromise", "replace": true})").status == 202);
  CHECK(scene.kept.asked ==
        std::vector<std::string>{"revoke web 0 unspecified", "revoke web 3 keyCompromise after the next"});
  scene.kept.asked.clear();
  CHECK_THAT(revoke(R"({"reason": "keycompromise"})").detail(), Catch::Contains("did you mean keyCompromise?"));
  const auto refused = revoke(R"({"reason": "privilegeWithdrawn"})");
  CHECK(refused.status == 400);
  CHECK_THAT(refused.detail(), Catch::Contains("superseded"));
  for (const auto* generation : {"0", "-1", "\"3\"", "1.5", "99999999999"}) {
    CHECK(revoke(std::string(R"({"generation": )") + generation + "}").status == 400);
  }
  CHECK(scene.ask("POST", "/v1/certificates/wbe/revoke").status == 404);
  CHECK(scene.kept.asked.empty());
}

SCENARIO("an account is changed at the CA that is named, and what is revoked is told to who listens") {
  Scene scene;
  scene.kept.add("web");
  const auto begun = scene.ask("POST", "/v1/accounts/lab/roll-key");
  CHECK(begun.status == 202);
  CHECK(begun.document["ca"].text_or() == "lab");
  CHECK(begun.document["certificate"].is_null());
  CHECK(scene.ask("POST", "/v1/accounts/lab/deactivate").status == 202);
  CHECK(scene.ask("POST", "/v1/accounts/lab/create").status == 202);
  CHECK(scene.kept.asked == std::vector<std::string>{"roll-key lab", "deactivate lab", "create lab"});
  CHECK_THAT(scene.ask("POST", "/v1/accounts/lap/roll-key").detail(), Catch::Contains("did you mean lab?"));
  store::Revocation revocation;
  revocation.generation = 3;
  revocation.serial = "04ab";
  revocation.reason = "keyCompromise";
  revocation.by_ca = true;
  revocation.revoked = scene.clock.now();
  json::Value operation;
  const auto after = [&]() -> Task<> {
    scene.api.observer().revoked("web", "lab", revocation);
    co_await sleep_for(1s);
    const auto answer =
        co_await scene.answered(scene.request("GET", "/v1/operations/" + begun.document["id"].text_or()));
    operation = answer.document;
  };
  scene.kept.waits = true;
  const auto renewal = scene.ask(scene.request("POST", "/v1/certificates/web/revoke"), after);
  CHECK(operation["state"].text_or() == "succeeded");
  const auto steps = scene.ask("GET", "/v1/operations/" + renewal.document["id"].text_or()).document["steps"];
  REQUIRE(steps.elements().size() == 1);
  CHECK_THAT(steps.elements()[0]["sentence"].text_or(), Catch::Contains("serial 04ab, by lab: keyCompromise"));
}

SCENARIO("a reload tells every fault, or that there is none") {
  Scene scene;
  const auto good = scene.ask("POST", "/v1/reload");
  CHECK(good.status == 200);
  scene.faults = {{"/etc/acmed/acmed.toml", 3, 7, "ca.x: is what it is"}, {"/etc/acmed/acmed.toml", 4, 1, "another"}};
  const auto wrong = scene.ask("POST", "/v1/reload");
  CHECK(wrong.status == 422);
  REQUIRE(wrong.document["faults"].elements().size() == 2);
  CHECK(wrong.document["faults"].elements()[0]["line"].integer_or(0) == 3);
  CHECK(wrong.document["faults"].elements()[0]["column"].integer_or(0) == 7);
  CHECK(wrong.document["faults"].elements()[0]["sentence"].text_or() == "ca.x: is what it is");
  CHECK(scene.reloads == 2);
}

SCENARIO("while one configuration replaces another, who asks is told to ask again") {
  Scene scene;
  scene.kept.add("web");
  scene.is_replaced = true;
  for (const auto* target : {"/v1/status", "/v1/certificates", "/v1/certificates/web", "/v1/accounts", "/metrics"}) {
    const auto answer = scene.ask("GET", target);
    CHECK(answer.status == 503);
    CHECK(answer.headers.at("Retry-After") == "1");
  }
  CHECK(scene.ask("POST", "/v1/certificates/web/renew").status == 503);
}

SCENARIO("one certificate tells where services read it") {
  Scene scene;
  scene.configuration.state_directory = "/var/lib/acmed";
  scene.kept.add("web").live = keep::LiveView{1, "01", scene.clock.now(), scene.clock.now() + 24h * 90};
  const auto answer = scene.ask("GET", "/v1/certificates/web");
  CHECK(answer.document["live"]["directory"].text_or() == "/var/lib/acmed/live/web");
}

SCENARIO("a list that is being sent ends early when another configuration comes") {
  Scene scene;
  for (int i = 0; i < 100; ++i) scene.kept.add(fmt::format("c{}", i));
  run(scene.loop, [](Scene* of) -> Task<> {
    auto response = co_await of->api.respond(of->request("GET", "/v1/certificates"));
    CHECK(response.made_body->next());
    of->api.configuration_changed();
    CHECK_THROWS(response.made_body->next());
  }(&scene));
}

SCENARIO("root, acmed's user and the group acmed-admin may change, acmed-view may look, nobody else may do anything") {
  const RightGroups groups{gid_t{100}, gid_t{200}};
  using Process = http::Peer::Process;
  CHECK(right_of(Process{0, 0, {}}, groups) == Right::change);
  CHECK(right_of(Process{::geteuid(), 5, {}}, groups) == Right::change);
  const uid_t other = ::geteuid() + 1000;
  CHECK(right_of(Process{other, 5, {100}}, groups) == Right::change);
  CHECK(right_of(Process{other, 100, {}}, groups) == Right::change);
  CHECK(right_of(Process{other, 5, {6, 200}}, groups) == Right::view);
  CHECK(right_of(Process{other, 200, {}}, groups) == Right::view);
  CHECK(right_of(Process{other, 5, {6}}, groups) == Right::none);
  WHEN("the host has no such groups") {
    CHECK(right_of(Process{other, 100, {200}}, {}) == Right::none);
    CHECK(right_of(Process{0, 0, {}}, {}) == Right::change);
  }
  WHEN("a stranger asks") {
    Scene scene;
    scene.kept.add("web");
    scene.peer.process = Process{::geteuid() + 1000, 54321, {}};
    for (const auto& [method, target] : std::vector<std::pair<std::string, std::string>>{
             {"GET", "/v1/status"}, {"GET", "/"}, {"GET", "/nothing"}, {"POST", "/v1/reload"}, {"GET", "/metrics"}}) {
      const auto answer = scene.ask(method, target);
      CHECK(answer.status == 403);
      CHECK_THAT(answer.detail(), Catch::Contains("acmed-view"));
    }
    CHECK(scene.reloads == 0);
  }
}

SCENARIO("by TCP everything can be seen and nothing be changed, and only by its own names") {
  Scene scene;
  scene.kept.add("web");
  scene.api.set_hosts({"acmed.corp.test"});
  scene.peer = {};
  scene.peer.address = "127.0.0.1";
  scene.peer.local_address = "192.0.2.1";
  const auto ask = [&scene](const std::string& method, const std::string& target, const std::string& host) {
    auto request = scene.request(method, target);
    request.headers["host"] = host;
    return scene.ask(std::move(request));
  };
  for (const auto* host :
       {"localhost", "localhost:9180", "127.0.0.1:9180", "[::1]:9180", "192.0.2.1", "ACMED.corp.test:80"}) {
    CHECK(ask("GET", "/v1/status", host).status == 200);
  }
  for (const auto* host : {"evil.test", "evil.test:9180", "", "localhost.evil.test", "192.0.2.2", "[::2]:9180"}) {
    const auto answer = ask("GET", "/v1/status", host);
    CHECK(answer.status == 421);
    CHECK_THAT(answer.detail(), Catch::Contains("[http] hosts"));
  }
  CHECK(ask("HEAD", "/v1/status", "localhost").status == 200);
  for (const auto* target : {"/v1/reload", "/v1/certificates/web/renew", "/v1/doctor", "/v1/status"}) {
    for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
      const auto answer = ask(method, target, "localhost");
      CHECK(answer.status == 405);
      CHECK(answer.headers.at("Allow") == "GET, HEAD");
    }
  }
  CHECK(scene.reloads == 0);
  CHECK(scene.kept.asked.empty());
  const auto answer = ask("GET", "/v1/status", "localhost");
  CHECK(answer.headers.count("Access-Control-Allow-Origin") == 0);
  CHECK(answer.headers.at("X-Content-Type-Options") == "nosniff");
  CHECK_THAT(answer.headers.at("Content-Security-Policy"), Catch::Contains("default-src 'none'"));
}

SCENARIO("the doctor examines one certificate or all") {
  Scene scene;
  scene.kept.add("web");
  CHECK(scene.ask("POST", "/v1/doctor").status == 404);
  std::vector<std::string> asked;
  scene.examine = [&asked](std::optional<std::string> name, bool touch_dns) -> Task<std::vector<doctor::Line>> {
    asked.push_back(name.value_or("all") + (touch_dns ? " with DNS" : ""));
    return [](std::vector<doctor::Line> lines) -> Task<std::vector<doctor::Line>> {
      co_return lines;
    }({{"DNS", doctor::Verdict::wrong, "the zone is another", "name another provider"}});
  };
  const auto answer = scene.ask("POST", "/v1/doctor", "{\"name\": null, \"touch_dns\": true}");
  CHECK(answer.status == 200);
  const auto& line = answer.document["lines"].elements().front();
  CHECK(line["verdict"].text_or() == "wrong");
  CHECK(line["mend"].text_or() == "name another provider");
  CHECK(scene.ask("POST", "/v1/doctor", "{\"name\": \"web\"}").status == 200);
  CHECK(scene.ask("POST", "/v1/doctor", "{\"name\": \"wbe\"}").status == 404);
  CHECK(asked == std::vector<std::string>{"all with DNS", "web"});
}

SCENARIO("metrics are in Prometheus's format, and their labels cannot break out") {
  Scene scene;
  auto& web = scene.kept.add("web");
  web.ca = "a \"b\" \\ c\nd";
  web.live = keep::LiveView{1, "01", scene.clock.now(), scene.clock.now() + 24h * 90};
  web.renewal = scene.clock.now() + 24h * 60;
  web.targets.push_back({"nginx", 1, true, {}});
  web.troubles = {trouble("deploy:nginx")};
  scene.kept.authorities.front().paused_until = scene.clock.now() + 1h;
  auto& observer = scene.api.observer();
  observer.visible("bind", 3s);
  observer.asked_ca("lab", "read the order", 200, 20ms);
  observer.asked_ca("lab", "read the order", 200, 2s);
  observer.asked_ca("lab", "read the order", 418, 1ms);
  observer.asked_ca("lab", "get a nonce", 0, 61s);
  observer.asked_provider("bind", true);
  observer.asked_provider("bind", false);
  observer.issued("web", "lab", {});
  observer.not_issued("web", "lab");
  observer.deployed("web", "nginx");
  const auto answer = scene.ask("GET", "/metrics");
  CHECK(answer.status == 200);
  CHECK_THAT(answer.headers.at("Content-Type"), Catch::Contains("text/plain; version=0.0.4"));
  const auto has = [&answer](const std::string& line) { return answer.body.find(line + "\n") != std::string::npos; };
  CHECK(has(
      "acmed_certificate_not_after_timestamp_seconds{certificate=\"web\",ca=\"a \\\"b\\\" \\\\ c\\nd\"} 1803427200"));
  CHECK(has("acmed_certificate_state{state=\"valid\"} 1"));
  CHECK(has("acmed_target_in_step{certificate=\"web\",target=\"nginx\"} 1"));
  CHECK(has("acmed_trouble_since_timestamp_seconds{certificate=\"web\",what=\"deploy:nginx\",party=\"host\"} 0"));
  CHECK(has("acmed_orders_total{ca=\"lab\",result=\"issued\"} 1"));
  CHECK(has("acmed_orders_total{ca=\"lab\",result=\"failed\"} 1"));
  CHECK(has("acmed_deployments_total{target=\"nginx\",result=\"deployed\"} 1"));
  CHECK(has("acmed_propagation_seconds_bucket{provider=\"bind\",le=\"2.5\"} 0"));
  CHECK(has("acmed_propagation_seconds_bucket{provider=\"bind\",le=\"5\"} 1"));
  CHECK(has("acmed_propagation_seconds_bucket{provider=\"bind\",le=\"+Inf\"} 1"));
  CHECK(has("acmed_propagation_seconds_sum{provider=\"bind\"} 3"));
  CHECK(has("acmed_propagation_seconds_count{provider=\"bind\"} 1"));
  CHECK(has("acmed_acme_requests_total{ca=\"lab\",request=\"read the order\",status=\"200\"} 2"));
  CHECK(has("acmed_acme_requests_total{ca=\"lab\",request=\"read the order\",status=\"4xx\"} 1"));
  CHECK(has("acmed_acme_requests_total{ca=\"lab\",request=\"get a nonce\",status=\"0\"} 1"));
  CHECK(has("acmed_acme_request_seconds_bucket{ca=\"lab\",le=\"0.025\"} 2"));
  CHECK(has("acmed_acme_request_seconds_bucket{ca=\"lab\",le=\"60\"} 3"));
  CHECK(has("acmed_acme_request_seconds_count{ca=\"lab\"} 4"));
  CHECK(has("acmed_provider_calls_total{provider=\"bind\",result=\"done\"} 1"));
  CHECK(has("acmed_provider_calls_total{provider=\"bind\",result=\"failed\"} 1"));
  CHECK(has("acmed_provider_credential_not_after_timestamp_seconds{provider=\"bind\"} 1798761600"));
  CHECK(has(fmt::format("acmed_ca_paused_until_timestamp_seconds{{ca=\"lab\"}} {}", 1795651200 + 3600)));
  CHECK(has("# TYPE acmed_propagation_seconds histogram"));
  CHECK(has("acmed_build_info{version=\"" ACMED_VERSION "\"} 1"));
}

SCENARIO("no secret is in what a request is refused for") {
  keep_out_of_texts(Secret("hunter2-hunter2"));
  Scene scene;
  scene.kept.add("web");
  scene.faults = {{"/etc/acmed/acmed.toml", 1, 1, "is wrong"}};
  for (const auto* target :
       {"/v1/certificates/hunter2-hunter2", "/v1/hunter2-hunter2", "/v1/status?hunter2-hunter2=1"}) {
    const auto answer = scene.ask("GET", target);
    CHECK(answer.status >= 400);
    CHECK(answer.body.find("hunter2") == std::string::npos);
  }
}

SCENARIO("accounts are told without anything secret") {
  Scene scene;
  const auto answer = scene.ask("GET", "/v1/accounts");
  CHECK(answer.document["accounts"].elements().front()["url"].text_or() == "https://ca.test/account/1");
  CHECK(answer.body.find("key_pem") == std::string::npos);
  CHECK(answer.document["accounts"].elements().front().as_object()->size() == 10);
  const auto& limit = answer.document["accounts"].elements().front()["limits"].elements().front();
  CHECK(limit["limit"].text_or() == "domain");
  CHECK(limit["subject"].text_or() == "b.test");
  CHECK(limit["most"].integer_or(0) == 50);
  CHECK(limit["window"].integer_or(0) == 7 * 86400);
  CHECK(limit["used"].integer_or(0) == 3);
  CHECK(limit["free_at"].text_or() == "2027-01-01T00:00:00Z");
  CHECK(limit["refused_until"].is_null());
  CHECK(limit["names"].elements().empty());
  const auto& names = answer.document["accounts"].elements().front()["limits"].elements().back();
  CHECK(names["subject"].is_null());
  CHECK(names["names"].texts() == std::vector<std::string>{"b.test", "*.b.test"});
  CHECK(names["name_count"].integer_or(0) == 5);
}

SCENARIO("the page runs its own script and style, and nothing else") {
  Scene scene;
  const auto answer = scene.ask("GET", "/");
  CHECK(answer.status == 200);
  const auto& policy = answer.headers.at("Content-Security-Policy");
  CHECK_THAT(policy, Catch::StartsWith("default-src 'none'"));
  CHECK(policy.find("unsafe") == std::string::npos);
  // As `printf 'a' | openssl dgst -sha256 -binary | base64` says.
  CHECK_THAT(policy_for("<style>a</style><script>a</script>"),
             Catch::Contains("script-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='"));
  // Nothing that a certificate, a CA or a name server says is taken for markup.
  for (const auto* way : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("}) {
    CHECK(answer.body.find(way) == std::string::npos);
  }
  // Nothing is fetched from elsewhere: the one URL is the name of SVG's elements.
  const std::string svg = "http://www.w3.org/2000/svg";
  const auto at = answer.body.find("http");
  REQUIRE(at != std::string::npos);
  CHECK(answer.body.substr(at, svg.size()) == svg);
  CHECK(answer.body.find("http", at + 1) == std::string::npos);
}

}  // namespace acmed::control
