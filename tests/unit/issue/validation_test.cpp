// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/validation.h"

#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::FakeCa;
using test::JourneyScene;
using Reply = FakeCa::Reply;

const json::Object wrong_value{{"type", "urn:ietf:params:acme:error:incorrectResponse"},
                               {"detail", "found old-value-of-somebody"},
                               {"status", 403}};

Reply changed(Reply usual, const std::function<void(json::Object&)>& change) {
  auto body = *json::parse(usual.body).value().as_object();
  change(body);
  usual.body = json::dump(body);
  return usual;
}

json::Object challenge_of(const json::Object& authorization) {
  return *authorization.at("challenges").elements().front().as_object();
}

/// A CA whose orders stay pending from when it is told of a challenge, and whose authorizations have that status then,
/// with that status and error in their challenges.
struct OddScene : JourneyScene {
  bool told = false;
  bool odd = true;
  Time start = clock.now();

  OddScene(const std::string& status, const std::string& challenge_status, const std::optional<json::Object>& error) {
    ca.on_request("challenge", [this] { told = true; });
    ca.change_answers("order", [this](const FakeCa::Seen&, Reply usual) {
      if (!told || !odd) return usual;
      return changed(std::move(usual), [](json::Object& order) { order["status"] = "pending"; });
    });
    const auto change = [status, challenge_status, error](json::Object& authorization) {
      auto challenge = challenge_of(authorization);
      challenge["status"] = challenge_status;
      if (error) challenge["error"] = *error;
      authorization["status"] = status;
      authorization["challenges"] = json::Array{std::move(challenge)};
    };
    ca.change_answers("authorization", [this, change](const FakeCa::Seen&, Reply usual) {
      return told && odd ? changed(std::move(usual), change) : usual;
    });
  }
};

/// A CA that looks into the DNS some time after it was told to.
struct LateScene : JourneyScene {
  Duration delay;
  std::optional<Time> told;
  std::optional<bool> saw;

  explicit LateScene(Duration after) : delay(after) {
    ca.on_request("challenge", [this] {
      if (!told) told = clock.now();
    });
    ca.change_answers("challenge", [this](const FakeCa::Seen&, Reply usual) {
      return told ? test::problem("400 Bad Request", "malformed", "the challenge is not pending") : usual;
    });
    ca.change_answers("order", [this](const FakeCa::Seen&, Reply usual) {
      look();
      if (saw == true) return usual;
      return changed(std::move(usual), [this](json::Object& order) { order["status"] = saw ? "invalid" : "pending"; });
    });
    ca.change_answers("authorization", [this](const FakeCa::Seen&, Reply usual) {
      look();
      if (!told || saw == true) return usual;
      return changed(std::move(usual), [this](json::Object& authorization) {
        auto challenge = challenge_of(authorization);
        authorization["status"] = saw ? "invalid" : "pending";
        challenge["status"] = saw ? "invalid" : "processing";
        authorization["challenges"] = json::Array{std::move(challenge)};
      });
    });
  }

  void look() {
    if (told && !saw && clock.now() >= *told + delay) saw = !provider->values.empty();
  }
};

}  // namespace

SCENARIO("an authorization that failed is told at once with its reason, though the order stays pending") {
  OddScene scene("invalid", "invalid", wrong_value);
  CHECK_THAT(scene.run(), StartsWith("acme:incorrectResponse") &&
                              Contains("[www.example.test: incorrectResponse: found old-value-of-somebody]"));
  CHECK(scene.clock.now() - scene.start < 15s);
  CHECK(scene.provider->values.empty());
  CHECK(!scene.state().order);
  scene.odd = false;
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("a challenge that failed and was left open is responded to again, and its reason told") {
  OddScene scene("pending", "pending", wrong_value);
  WHEN("that does not help") {
    CHECK_THAT(scene.run(), StartsWith("acme:incorrectResponse") && Contains("found old-value-of-somebody"));
    CHECK(scene.clock.now() - scene.start < 1min);
    CHECK(scene.ca.count("challenge") == 3);
    CHECK(scene.provider->values.empty());
    CHECK(scene.state().order);
    scene.odd = false;
    CHECK(scene.run().empty());
  }
  WHEN("that helps") {
    scene.ca.on_request("challenge", [&] {
      scene.odd = !scene.told;
      scene.told = true;
    });
    CHECK(scene.run().empty());
    CHECK(scene.ca.count("challenge") == 2);
    CHECK(scene.clock.now() - scene.start < 15s);
  }
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("a challenge that the CA tries again on its own is waited for, and its reason told in the end") {
  OddScene scene("pending", "processing", wrong_value);
  CHECK_THAT(scene.run(), StartsWith("acme:timeout") && Contains("still pending after 5 min") &&
                              Contains("; www.example.test: incorrectResponse: found old-value-of-somebody"));
  CHECK(scene.ca.count("challenge") == 1);
  CHECK(scene.ca.count("authorization") < 10);
  CHECK(scene.state().order->validating);
}

SCENARIO("a CA that is slow to look finds the value, however many tries end meanwhile") {
  const auto [delay, runs_needed] = GENERATE(std::pair(2s, 1), std::pair(330s, 2), std::pair(1200s, 4));
  LateScene scene(delay);
  int runs = 1;
  for (; runs < 9 && !scene.run().empty(); ++runs) {
    CHECK(scene.provider->values.size() == 1);
    CHECK(scene.state().values.size() == 1);
    scene.clock.advance(1min);
  }
  CHECK(scene.saw == true);
  CHECK(scene.state().issued);
  CHECK(runs == runs_needed);
  CHECK(scene.ca.orders() == 1);
  CHECK(scene.ca.count("challenge") == 1);
  CHECK(scene.provider->values.empty());
  CHECK(scene.state().values.empty());
}

SCENARIO("values that the CA is still to look at go with their order") {
  LateScene scene(1h);
  REQUIRE_THAT(scene.run(), StartsWith("acme:timeout"));
  REQUIRE(scene.provider->values.size() == 1);
  WHEN("the order ends") {
    scene.clock.advance(1h);
    scene.provider->values.clear();
    REQUIRE(!scene.run().empty());
    CHECK(!scene.state().order);
  }
  WHEN("other names are wanted") {
    scene.request.domains = {"other.example.test"};
    scene.ca.change_answers("order", {});
    scene.ca.change_answers("authorization", {});
    scene.ca.change_answers("challenge", {});
    CHECK(scene.run().empty());
  }
  CHECK(scene.provider->values.empty());
  CHECK(scene.state().values.empty());
}

SCENARIO("while the CA answers soon, no authorization is looked at again") {
  JourneyScene scene;
  scene.request.domains = {"example.test", "*.example.test"};
  scene.ca.process_for(3);
  CHECK(scene.run().empty());
  CHECK(scene.ca.count("authorization") == 2);
}

}  // namespace acmed::issue
