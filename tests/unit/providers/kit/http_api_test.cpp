// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/http_api.h"

#include <atomic>
#include <mutex>

#include "base/files.h"
#include "base/runtime/scope.h"
#include "providers/provider.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

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
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Loop loop{clock};
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
  CHECK(scene.failure("302 Found", "Location: https://login.example/\r\n", "<p>") ==
        "refused http:302 Example's API answered 302: a redirect to https://login.example/. Look at url");
  CHECK(scene.failure("404 Not Found", "", "") == "refused http:404 Example's API answered 404: nothing. Look at url");
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
  CHECK(told("307 Temporary Redirect", "text/html\r\nLocation: https://login.example/", "") ==
        "retry example:answer " + url +
            " answered an HTML page with status 307 instead of a list, a redirect to \"https://login.example/\"");
  CHECK(told("502 Bad Gateway", "application/json", "[]") ==
        "retry http:502 " + url + " answered other JSON with status 502 instead of a list: []");
  CHECK(told("200 OK", "text/plain", "") ==
        "retry example:answer " + url + " answered nothing with status 200 instead of a list");
}

SCENARIO("what passes within seconds does not end a request") {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  const auto began = clock.moment();
  Loop loop{clock};
  std::mutex lock;  // the server answers on a thread of its own
  std::atomic<int> requests = 0;
  std::atomic<int> troubles = 2;
  std::string trouble = test::answer("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>502</html>");
  test::FakeServer server{[&](test::FakeServer::Connection& connection) {
    while (!connection.read_request().empty()) {
      auto said = test::answer("200 OK", "", "{}");
      if (++requests <= troubles) {
        const std::lock_guard guard(lock);
        said = trouble;
      }
      if (said.empty()) return;
      connection.write(said);
    }
  }};
  http::Client http{loop, {.extra_trust_pem = {}, .allow_plain_http = true}};
  HttpApi api{{.who = "it", .url = server.url("")}, http, clock};
  const auto status = [&](HttpApi::Sending sending = HttpApi::Sending::again) {
    return run(loop, api.send("POST", "/x", json::Object(), {}, sending)).status;
  };

  const auto answer_by = [&](const std::string& said) {
    const std::lock_guard guard(lock);
    trouble = said;
  };

  WHEN("a gateway says so") {
    for (const auto* line : {"502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout", "522 Timed Out"}) {
      INFO(line);
      requests = 0;
      answer_by(test::answer(line, "", "no"));
      CHECK(status() == 200);
      CHECK(requests == 3);
    }
  }
  WHEN("the connection is cut") {
    answer_by("");
    CHECK(status() == 200);
    CHECK(requests == 3);
  }
  WHEN("it does not pass") {
    troubles = 1000;
    CHECK(status() == 502);
    CHECK(clock.moment() - began >= 5s);
    CHECK(clock.moment() - began <= 10s);
    CHECK(requests > 4);
    CHECK(requests < 20);
  }
  WHEN("a time is named") {
    answer_by(test::answer("503 Service Unavailable", "Retry-After: 5\r\n", "no"));
    CHECK(status() == 503);
    CHECK(requests == 1);
  }
  WHEN("it is no such trouble") {
    for (const auto* line : {"500 Internal Server Error", "501 Not Implemented", "429 Too Many Requests", "404 No"}) {
      INFO(line);
      requests = 0;
      answer_by(test::answer(line, "", "no"));
      CHECK(status() != 200);
      CHECK(requests == 1);
    }
  }
  WHEN("to ask twice would do harm") {
    CHECK(status(HttpApi::Sending::once) == 502);
    CHECK(requests == 1);
  }
}

SCENARIO("each request has the credentials as they are by then, and no answer is quoted with them") {
  TemporaryFolder folder;
  const auto path = folder.path() / "token";
  const auto write = [&](const std::string& token) { files::write_durably(path, token, 0600); };
  write("the-first-token");
  const SecretSource token(path, [path] { return Secret(files::read(path).value_or("")); });
  std::string heard;
  test::FakeServer server{[&](test::FakeServer::Connection& connection) {
    heard = connection.read_request();
    connection.write(test::answer("403 Forbidden", "", heard));
  }};
  Loop loop;
  http::Client http{loop, {.extra_trust_pem = {}, .allow_plain_http = true}};
  HttpApi api{
      {.who = "it", .url = server.url(""), .credentials = {{"X-Key", token}}, .bearer = token, .most_quoted = 2000},
      http,
      loop.clock()};
  CHECK_THAT(api.words_in(run(loop, api.send("GET", "/"))), Contains("Bearer ***") && !Contains("the-first-token"));
  CHECK_THAT(heard, Contains("X-Key: the-first-token\r\n") && Contains("Authorization: Bearer the-first-token\r\n"));
  write("another-token");
  CHECK_THAT(api.words_in(run(loop, api.send("GET", "/"))), Contains("Bearer ***") && !Contains("another-token"));
  CHECK_THAT(heard, Contains("X-Key: another-token\r\n") && Contains("Authorization: Bearer another-token\r\n"));
}

}  // namespace acmed::providers
