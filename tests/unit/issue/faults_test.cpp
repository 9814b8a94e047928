// SPDX-License-Identifier: Apache-2.0
// No certificate is lost that the CA issued: each of the CA's answers times each fault that one run meets.
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using test::FakeCa;
using test::JourneyScene;
using Reply = FakeCa::Reply;

const std::vector<std::string> of_renewal = {"new-nonce", "new-order", "order",      "authorization",
                                             "challenge", "finalize",  "certificate"};
const std::vector<std::string> of_first = {"directory", "new-account"};

/// "lost": what was asked for came about, but the first answer did not arrive; "slow": none did, as when each takes 65
/// s.
const std::vector<std::string> faults = {"404", "500", "502", "503", "cut", "lost", "slow", "stale", "twice"};

Reply page(const std::string& status) {
  return Reply(status, "<html><h1>sorry</h1></html>").with("Content-Type: text/html");
}

/// The state before: a server of the CA that lags behind.
Reply stale(const std::string& resource, Reply usual) {
  auto body = json::parse(usual.body);
  if (!body || body->as_object() == nullptr) return test::problem("404 Not Found", "malformed", "not known here yet");
  auto object = *body->as_object();
  const auto before = resource == "finalize" ? "ready" : "pending";
  if (object.contains("status")) object.insert_or_assign("status", before);
  object.erase("certificate");
  usual.body = json::dump(object);
  return usual;
}

void break_answers(JourneyScene& scene, const std::string& resource, const std::string& fault) {
  const auto instead = [&](const Reply& reply) {
    scene.ca.be_odd(resource, [reply](const FakeCa::Seen&) { return std::optional(reply); });
  };
  if (fault == "404") instead(test::problem("404 Not Found", "malformed", "no such thing"));
  if (fault == "500") instead(test::problem("500 Internal Server Error", "serverInternal"));
  if (fault == "502") instead(page("502 Bad Gateway"));
  if (fault == "503") instead(page("503 Service Unavailable").with("Retry-After: 120"));
  if (fault == "cut") instead(Reply("", ""));
  if (fault == "lost") {
    scene.ca.change_answers(resource, [lost = false](const FakeCa::Seen&, Reply usual) mutable {
      return std::exchange(lost, true) ? usual : Reply("", "");
    });
  }
  if (fault == "slow") {
    scene.ca.change_answers(resource, [](const FakeCa::Seen&, const Reply&) { return Reply("", ""); });
  }
  if (fault == "stale") {
    scene.ca.change_answers(
        resource, [](const FakeCa::Seen& seen, Reply usual) { return stale(seen.resource, std::move(usual)); });
  }
  if (fault == "twice") scene.ca.process_twice(resource);
}

void mend_answers(JourneyScene& scene, const std::string& resource) {
  scene.ca.be_odd(resource, {});
  scene.ca.change_answers(resource, {});
  scene.ca.process_twice({});
}

}  // namespace

SCENARIO(
    "whatever the CA answers wrong during a run, two runs later the certificate is there, for one order more at most") {
  for (const bool is_renewal : {false, true}) {
    auto resources = of_renewal;
    if (!is_renewal) resources.insert(resources.begin(), of_first.begin(), of_first.end());
    for (const auto& resource : resources) {
      for (const auto& fault : faults) {
        CAPTURE(is_renewal, resource, fault);
        JourneyScene scene;
        scene.request.domains = {"*.example.test"};
        if (is_renewal) REQUIRE(scene.run().empty());
        const auto orders = scene.ca.orders();
        const unsigned wanted = is_renewal ? 2 : 1;
        break_answers(scene, resource, fault);
        scene.run();
        mend_answers(scene, resource);
        const auto is_there = [&] {
          const auto issued = scene.state().issued;
          return issued && issued->generation == wanted;
        };
        for (int i = 0; i < 2 && !is_there(); ++i) {
          scene.clock.advance(std::chrono::minutes(3));
          scene.run();
        }
        CHECK(is_there());
        CHECK(scene.ca.orders() <= orders + 2);
        CHECK(scene.provider->values.empty());
        CHECK(scene.state().values.empty());
        CHECK(!scene.state().order);
      }
    }
  }
}

}  // namespace acmed::issue
