// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/abandoned_orders.h"

#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using test::FakeCa;

struct Scene : test::JourneyScene {
  bool is_askable = true;
  AbandonedOrders abandoned{[this](const store::AccountIdentity& account) -> Authority* {
    return is_askable && account == authority->settings().account_identity() ? authority.get() : nullptr;
  }};

  Scene() { context.abandoned = &abandoned; }

  /// A run that leaves an order of which all is pending.
  void leave_pending() {
    ca.be_odd("challenge", [](const FakeCa::Seen&) { return FakeCa::Reply("503 Service Unavailable", "back soon"); });
    REQUIRE_FALSE(run().empty());
    REQUIRE(state().order);
    ca.be_odd("challenge", {});
    ca.forget_seen();
  }
  void close() { acmed::run(loop, abandoned.close()); }
  /// The paths of the authorizations that the CA was asked to deactivate.
  std::vector<std::string> deactivated() const {
    std::vector<std::string> urls;
    for (const auto& seen : ca.seen()) {
      if (seen.resource == "authorization" && seen.payload == R"({"status":"deactivated"})") urls.push_back(seen.url);
    }
    return urls;
  }
  std::vector<std::string> of_first_order() const { return {ca.url("authorization/0/0"), ca.url("authorization/0/1")}; }
};

}  // namespace

SCENARIO("what is left pending of an order that is given up is deactivated, when nothing else is done") {
  Scene scene;
  scene.request.domains = {"a.example.test", "b.example.test"};
  scene.leave_pending();
  GIVEN("other names are wanted") {
    scene.request.domains = {"c.example.test"};
    REQUIRE(scene.run().empty());
    CHECK(scene.deactivated().empty());
    WHEN("nothing is under way") {
      scene.close();
      CHECK(scene.deactivated() == scene.of_first_order());
      scene.close();
      CHECK(scene.deactivated().size() == 2);
    }
    WHEN("a journey is under way, for which the CA may use the same authorizations") {
      {
        const auto turn = acmed::run(scene.loop, scene.authority->under_way().turn({"a.example.test"}));
        scene.close();
        CHECK(scene.deactivated().empty());
      }
      scene.close();
      CHECK(scene.deactivated() == scene.of_first_order());
    }
    WHEN("another order that is pending shares one of them") {
      scene.abandoned.opened(scene.ca.url("order/9"), {scene.ca.url("authorization/0/1")});
      scene.close();
      CHECK(scene.deactivated() == std::vector{scene.ca.url("authorization/0/0")});
    }
    WHEN("a journey begins meanwhile") {
      std::optional<OrdersUnderWay::Proof> proof;
      scene.ca.on_request("order", [&] { proof.emplace(scene.authority->under_way().proof("x")); });
      scene.close();
      CHECK(scene.deactivated().empty());
    }
    WHEN("the CA wants to be left alone") {
      scene.is_askable = false;
      scene.ca.forget_seen();
      scene.close();
      CHECK(scene.ca.seen().empty());
    }
    WHEN("the CA fails") {
      scene.ca.be_odd("order", [](const FakeCa::Seen&) { return FakeCa::Reply("500 Internal Server Error", "no"); });
      scene.close();
      CHECK(scene.deactivated().empty());
    }
  }
  GIVEN("another CA has issued") {
    auto state = scene.state();
    state.set_aside = std::vector{*state.order};
    state.order.reset();
    acmed::run(scene.loop, scene.store.save_certificate("web", state));
    REQUIRE(scene.run().empty());
    scene.close();
    CHECK(scene.deactivated() == scene.of_first_order());
  }
  GIVEN("the order is gone on with") {
    REQUIRE(scene.run().empty());
    scene.close();
    CHECK(scene.deactivated().empty());
  }
}

}  // namespace acmed::issue
