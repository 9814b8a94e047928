// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/http_api.h"

#include "base/runtime/scope.h"
#include "providers/provider.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/catch.h"

namespace acmed::providers {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

struct Scene {
  std::string heard;
  std::string reply = test::answer("200 OK", "Content-Type: application/json\r\n", "{}");
  test::FakeServer server{[this](test::FakeServer::Connection& connection) {
    heard = connection.read_request();
    const auto own = reply;  // the next one may be set as soon as the last octet of this one has arrived
    connection.write(own);
  }};
  Loop loop;
  http::Client http{loop, {.extra_trust_pem = {}, .allow_plain_http = true}};
  HttpApi api{{.who = "Example's API",
               .url = server.url("/v1"),
               .credentials = {{"X-Token", Secret("the-token-of-all")}},
               .usual_pause = 1min},
              http,
              loop.clock()};

  http::Response send(std::optional<json::Value> body = std::nullopt, HttpApi::Headers credentials = {}) {
    return run(loop, api.send(body ? "POST" : "GET", "/records", std::move(body), std::move(credentials)));
  }

  /// "refused CAUSE SENTENCE"
  template <class Call>
  static std::string outcome(Call call) {
    try {
      call();
      return "ok";
    } catch (const Refused& error) {
      return "refused " + error.cause() + " " + error.what();
    } catch (const Throttled& error) {
      return "throttled " + error.cause() + " " + error.what();
    } catch (const Retry& error) {
      return "retry " + error.cause() + " " + error.what();
    }
  }
  std::string failure(const std::string& status, const std::string& headers, const std::string& body) {
    reply = test::answer(status, headers, body);
    const auto response = send();
    return outcome([&] { api.throw_failure(response, {}, ". Look at url"); });
  }
};

}  // namespace

SCENARIO("a request to an operator's API has its credentials, those of the request alone, and a body of JSON") {
  Scene scene;
  scene.send(json::Object{{"name", "a.test"}}, {{"X-User", Secret("anna")}});
  CHECK_THAT(scene.heard, Catch::StartsWith("POST /v1/records HTTP/1.1\r\n") &&
                              Contains("X-Token: the-token-of-all\r\n") && Contains("X-User: anna\r\n") &&
                              Contains("Content-Type: application/json\r\n") && Contains("User-Agent: acmed/") &&
                              Catch::EndsWith(R"({"name":"a.test"})"));
  scene.send();
  CHECK_THAT(scene.heard, Catch::StartsWith("GET /v1/records HTTP/1.1\r\n") && !Contains("Content-Type"));
}

SCENARIO("the status of an answer says what can be done about it") {
  Scene scene;
  CHECK(scene.failure("403 Forbidden", "", R"({"error": "no such\nuser"})") ==
        "refused http:403 Example's API answered 403: no such user. Look at url");
  CHECK(scene.failure("302 Found", "", "there") == "refused http:302 Example's API answered 302: there. Look at url");
  CHECK(scene.failure("503 Busy", "", "later") == "retry http:503 Example's API answered 503: later. Look at url");
  CHECK(scene.failure("429 Too many", "", "slowly") == "throttled http:429 Example's API wants fewer requests: slowly");
}

SCENARIO("what an operator says repeats no credential") {
  Scene scene;
  CHECK_THAT(scene.failure("403 Forbidden", "", "no user the-token-of-all"), Contains("no user ***."));
  scene.reply = test::answer("400 Bad", "", "bad hush-hush-hush and the-token-of-all");
  CHECK(scene.api.words_in(scene.send(), Secret("hush-hush-hush")) == "bad *** and ***");
}

SCENARIO("an operator's pause is heeded, and bounded") {
  Scene scene;
  const auto pause = [&](const std::string& status, const std::string& headers) {
    scene.reply = test::answer(status, headers, "");
    const auto response = scene.send();
    const auto now = scene.loop.clock().now();
    const auto until = scene.api.welcome_at(response);
    return until ? std::chrono::round<std::chrono::seconds>(*until - now) : std::chrono::seconds(-1);
  };
  CHECK(pause("429 Too many", "Retry-After: 100\r\n") == 100s);
  CHECK(pause("429 Too many", "Retry-After: 3153600000\r\n") == longest_pause);
  CHECK(pause("429 Too many", "") == 1min);
  CHECK(pause("503 Busy", "Retry-After: 7\r\n") == 7s);
  CHECK(pause("503 Busy", "") == -1s);
}

SCENARIO("an answer that is not the operator's is told for what it is") {
  Scene scene;
  const auto told = [&](const std::string& status, const std::string& type, const std::string& body) {
    scene.reply = test::answer(status, "Content-Type: " + type + "\r\n", body);
    const auto response = scene.send();
    return scene.outcome([&] { scene.api.throw_for_no_answer(response, "example:answer", "a list"); });
  };
  const auto url = scene.api.url();
  CHECK(told("200 OK", "text/html; charset=utf-8", "<p>Log in") ==
        "retry example:answer " + url + " answered an HTML page with status 200 instead of a list: <p>Log in");
  CHECK(told("502 Bad Gateway", "application/json", "[]") ==
        "retry http:502 " + url + " answered other JSON with status 502 instead of a list: []");
  CHECK(told("200 OK", "text/plain", "") ==
        "retry example:answer " + url + " answered nothing with status 200 instead of a list");
}

}  // namespace acmed::providers
