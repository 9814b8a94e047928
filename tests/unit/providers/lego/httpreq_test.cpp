// SPDX-License-Identifier: Apache-2.0
#include "providers/lego/httpreq.h"

#include <fmt/format.h>

#include <mutex>

#include "base/runtime/scope.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/providers/programs.h"
#include "tests/unit/providers/shown_zone.h"

namespace acmed::providers {
namespace {

using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;

TxtChange change(Action action, int i) {
  return {action, dns::Name(fmt::format("_acme-challenge.n{}.example.test", i)), "value", 60s,
          Origin{fmt::format("n{}.example.test", i), "token.thumbprint"}};
}

/// An endpoint that answers as it is told, and what acmed makes of it.
struct Scene {
  std::string status = "200 OK";
  std::string headers;
  std::string body;
  std::string fails_at;  ///< a part of the request; others are accepted
  int gateways = 0;      ///< so many requests are answered by a gateway that is in trouble
  std::mutex lock;
  std::vector<std::string> requests;
  test::FakeServer server{[this](test::FakeServer::Connection& connection) {
    for (std::string request; !(request = connection.read_request()).empty();) {
      const std::lock_guard guard(lock);
      requests.push_back(request);
      if (gateways > 0) {
        --gateways;
        connection.write(test::answer("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>"));
        continue;
      }
      const bool fails = fails_at.empty() || request.find(fails_at) != std::string::npos;
      connection.write(fails ? test::answer(status, headers, body) : test::answer("200 OK", "", ""));
    }
  }};

  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Loop loop{clock};
  ShownZone shown{loop};
  dns::Discovery discovery{loop, {shown.resolver.endpoint()}, dns::fake::port()};
  config::LegoHttpreq settings;

  Scene() {
    settings.endpoint = server.url("/dns/v1");
    settings.username = "acmed";
    settings.password = Secret("hush-hush");
    settings.timeout = 5s;
  }

  std::string apply(std::vector<TxtChange> changes) {
    config::Provider configured;
    configured.name = "api";
    configured.zones = {"example.test"};
    LegoHttpreq provider(configured, settings, loop, discovery);
    return outcome_of([&] { run(loop, provider.apply({dns::Name("example.test"), {}}, std::move(changes))); });
  }
};

}  // namespace

SCENARIO("an endpoint of lego's is asked as lego asks it") {
  Scene scene;
  WHEN("it is told the record") {
    CHECK(scene.apply({change(Action::add, 1), change(Action::remove, 2)}) == "made");
    REQUIRE(scene.requests.size() == 2);
    CHECK_THAT(scene.requests[0], StartsWith("POST /dns/v1/present HTTP/1.1\r\n") &&
                                      Contains("\r\nContent-Type: application/json\r\n") &&
                                      Contains("\r\nAuthorization: Basic YWNtZWQ6aHVzaC1odXNo\r\n"));
    CHECK_THAT(scene.requests[0], Contains(R"({"fqdn":"_acme-challenge.n1.example.test.","value":"value"})"));
    CHECK_THAT(scene.requests[1], StartsWith("POST /dns/v1/cleanup HTTP/1.1\r\n"));
  }
  WHEN("it makes the record itself") {
    scene.settings.mode = config::LegoMode::raw;
    CHECK(scene.apply({change(Action::add, 1)}) == "made");
    CHECK_THAT(scene.requests.at(0),
               Contains(R"({"domain":"n1.example.test","keyAuth":"token.thumbprint","token":"token"})"));
  }
  WHEN("it wants no user") {
    scene.settings.username.clear();
    CHECK(scene.apply({change(Action::add, 1)}) == "made");
    CHECK_THAT(scene.requests.at(0), !Contains("Authorization"));
  }
  CHECK(scene.server.connections() == 1);
}

SCENARIO("what an endpoint refuses is told in one sentence, with what can be done") {
  Scene scene;
  scene.body = "<p>user acmed:hush-hush</p>\r\n";
  const std::string url = scene.settings.endpoint + "/present";
  const auto said = [&](const std::string& status, const std::string& headers = "") {
    scene.status = status;
    scene.headers = headers;
    return scene.apply({change(Action::add, 1)});
  };
  CHECK(said("401 Unauthorized") ==
        "refused http:401 " + url +
            " answered 401 for _acme-challenge.n1.example.test: <p>user acmed:***</p>. Look "
            "at username and password of [provider.api]");
  CHECK_THAT(said("403 Forbidden"), StartsWith("refused http:403 ") && Contains("Allow the user to change this name"));
  CHECK_THAT(said("404 Not Found"), StartsWith("refused http:404 ") && Contains("Look at endpoint of [provider.api]"));
  CHECK_THAT(said("422 Unprocessable"), StartsWith("refused http:422 "));
  CHECK_THAT(said("429 Slow Down", "Retry-After: 120\r\n"), StartsWith("throttled http:429 "));
  CHECK_THAT(said("500 Oh"), StartsWith("retry http:500 "));
  CHECK_THAT(said("301 Moved", "Location: https://else.where/present\r\n"),
             StartsWith("refused http:301 ") && Contains("which leads to https://else.where/present"));
}

SCENARIO("one name that an endpoint fails at does not keep the others back") {
  Scene scene;
  scene.fails_at = "n2.example";
  WHEN("it refuses the name") {
    scene.status = "500 No";
    CHECK_THAT(scene.apply({change(Action::add, 1), change(Action::add, 2), change(Action::add, 3)}),
               StartsWith("retry http:500 "));
    CHECK(scene.requests.size() == 3);
  }
  WHEN("it refuses us, or wants fewer calls") {
    for (const auto* status : {"401 Who", "429 Slowly"}) {
      scene.requests.clear();
      scene.status = status;
      CHECK(scene.apply({change(Action::add, 1), change(Action::add, 2), change(Action::add, 3)}) != "made");
      CHECK(scene.requests.size() == 2);
    }
  }
}

SCENARIO("an endpoint that fails at what is done already is believed when the DNS shows it") {
  Scene scene;
  scene.status = "500 Record exists";
  scene.shown.show("_acme-challenge.n1.example.test", {"value"});
  CHECK(scene.apply({change(Action::add, 1)}) == "made");
  CHECK_THAT(scene.apply({change(Action::remove, 1)}), StartsWith("retry http:500 "));
}

SCENARIO("one bad gateway before an endpoint does not end a try") {
  Scene scene;
  scene.gateways = 2;
  WHEN("it had not reached the endpoint") {
    scene.fails_at = "nothing";
    CHECK(scene.apply({change(Action::add, 1)}) == "made");
    CHECK(scene.requests.size() == 3);
  }
  WHEN("it had, and the endpoint makes no record twice") {
    scene.status = "500 Record exists";
    scene.shown.show("_acme-challenge.n1.example.test", {"value"});
    CHECK(scene.apply({change(Action::add, 1)}) == "made");
  }
}

SCENARIO("an endpoint that is not there is not asked for each of a hundred names") {
  Scene scene;
  scene.settings.endpoint = "http://127.0.0.1:1";
  std::vector<TxtChange> changes;
  for (int i = 0; i < 100; ++i) changes.push_back(change(Action::add, i));
  const auto before = scene.clock.moment();
  CHECK_THAT(scene.apply(changes), StartsWith("retry curl:7 cannot connect to 127.0.0.1:1"));
  CHECK(scene.clock.moment() - before <= 31s);
}

SCENARIO("an endpoint's certificate must be trusted") {
  const test::TestCa ca;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  test::CertificateFacts facts;
  facts.for_loopback = true;
  test::FakeServer server(
      [](test::FakeServer::Connection& connection) {
        while (!connection.read_request().empty()) connection.write(test::answer("200 OK", "", ""));
      },
      ca.issue(key, facts).to_pem(), key.to_pem());
  Scene scene;
  scene.settings.endpoint = server.url("/dns");
  CHECK_THAT(scene.apply({change(Action::add, 1), change(Action::add, 2)}), StartsWith("refused tls:certificate "));
  CHECK(server.connections() == 1);
  scene.settings.trust_pem = ca.root_pem();
  CHECK(scene.apply({change(Action::add, 1)}) == "made");
}

}  // namespace acmed::providers
