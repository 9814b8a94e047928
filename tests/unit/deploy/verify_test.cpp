// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/verify.h"

#include "base/error.h"
#include "base/runtime/scope.h"
#include "tests/unit/base/fake_server.h"
#include "tests/unit/catch.h"
#include "tests/unit/deploy/pair_scene.h"

namespace acmed::deploy {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

/// Nothing when the service at `port` presents the scene's second generation within `limit`.
std::optional<Error> verify(const PairScene& scene, int port, Duration limit,
                            config::Verify::StartTls start_tls = config::Verify::StartTls::none) {
  auto target = scene.target();
  target.verify = config::Verify{"127.0.0.1", std::to_string(port), "corp.example", start_tls};
  target.timeout = limit;
  Loop loop;
  try {
    run(loop, verify_service(subject_of(target, scene.second())));
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

void nothing(test::FakeServer::Connection&) {}

}  // namespace

SCENARIO("a service is asked which certificate it serves") {
  const PairScene scene;
  GIVEN("one that serves the new one") {
    const test::FakeServer server(nothing, scene.second().files.full_chain, scene.second().files.private_key);
    CHECK_FALSE(verify(scene, server.port(), 30s));
  }
  GIVEN("one that goes on with the former one") {
    const test::FakeServer server(nothing, scene.first().files.full_chain, scene.first().files.private_key);
    const auto error = verify(scene, server.port(), 500ms);
    THEN("it is asked again until the limit, and the sentence says what it serves") {
      REQUIRE(error);
      CHECK(error->cause() == "deploy:verify");
      CHECK_THAT(error->what(),
                 Contains(fmt::format("127.0.0.1:{} does not present the new certificate, serial 0a0002, "
                                      "within 500 ms, asked for corp.example: it presents the one with "
                                      "serial 0a0001, which ends at 2049-12-31",
                                      server.port())));
      CHECK(server.connections() > 2);
    }
  }
  GIVEN("one that does not speak TLS") {
    const test::FakeServer server([](test::FakeServer::Connection& connection) {
      connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
      connection.read_until_closed();
    });
    const auto error = verify(scene, server.port(), 300ms);
    REQUIRE(error);
    CHECK_THAT(error->what(), Contains("the TLS handshake failed"));
  }
  GIVEN("one that says nothing at all") {
    const test::FakeServer server([](test::FakeServer::Connection& connection) { connection.read_until_closed(); });
    CHECK(verify(scene, server.port(), 200ms));
    CHECK(verify(scene, server.port(), 200ms, config::Verify::StartTls::smtp));
  }
  GIVEN("one that sends without end") {
    const test::FakeServer server([](test::FakeServer::Connection& connection) {
      while (connection.write(std::string(10000, 'x'))) {
      }
    });
    CHECK(verify(scene, server.port(), 300ms, config::Verify::StartTls::smtp));
  }
  GIVEN("nobody") {
    int port = 0;
    {
      const test::FakeServer server(nothing);
      port = server.port();
    }
    const auto error = verify(scene, port, 300ms);
    REQUIRE(error);
    CHECK_THAT(error->what(), Contains("Connection refused"));
  }
}

}  // namespace acmed::deploy
