// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/orders_under_way.h"

#include "base/crypto/request.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

/// Journeys at one account, and orders that others finish.
namespace acmed::issue {
namespace {

using namespace std::chrono_literals;
using Catch::StartsWith;
using test::FakeAuthority;
using test::FakeCa;
using test::JourneyScene;
using Reply = FakeCa::Reply;

Task<> note_turn(OrdersUnderWay* orders, std::vector<std::string> names, std::string* log) {
  const auto turn = co_await orders->turn(names);
  *log += "(" + names.front();
  co_await sleep_for(1s);
  *log += ")";
}

Reply changed(Reply usual, const std::function<void(json::Object&)>& change) {
  auto body = *json::parse(usual.body).value().as_object();
  change(body);
  usual.body = json::dump(body);
  return usual;
}

/// From now on the CA has the first order for finalized by a request of somebody else's.
void finish_by_another_request(JourneyScene& scene) {
  const auto other = crypto::make_csr(crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256), {"www.example.test"});
  scene.ca.issue_by([&scene, other](FakeCa::Issuance issuance) {
    if (issuance.order == 0) issuance.request = other;
    return scene.chain(issuance);
  });
  const auto certificate = scene.ca.url("certificate/0");
  scene.ca.change_answers("order", [certificate](const FakeCa::Seen& seen, Reply usual) {
    if (!seen.url.ends_with("/0")) return usual;
    return changed(std::move(usual), [&certificate](json::Object& order) {
      order["status"] = "valid";
      order["certificate"] = certificate;
    });
  });
}

}  // namespace

SCENARIO("journeys for the same names proceed one after the other, others side by side") {
  VirtualClock clock{Time{}};
  Loop loop(clock);
  OrdersUnderWay orders;
  std::string log;
  std::vector<Task<>> journeys;
  journeys.push_back(note_turn(&orders, {"a", "b"}, &log));
  journeys.push_back(note_turn(&orders, {"b", "a"}, &log));
  journeys.push_back(note_turn(&orders, {"c"}, &log));
  run(loop, when_all(std::move(journeys)));
  CHECK(log == "(a(c))(b)");
}

SCENARIO("two certificates of the same names are issued though the CA has one pending order for both") {
  JourneyScene scene;
  std::optional<Reply> pending;
  scene.ca.change_answers("new-order", [&](const FakeCa::Seen&, const Reply& usual) {
    if (!pending) pending = usual;
    return *pending;
  });
  scene.ca.change_answers("finalize", [&](const FakeCa::Seen&, Reply usual) {
    pending.reset();
    return usual;
  });
  AcmeAuthority authority(scene.loop, scene.store, scene.settings);
  scene.request.authority = &authority;
  auto other = scene.request;
  other.name = "rsa";
  other.key_type = crypto::KeyType::rsa_2048;
  store::Certificate states[2];
  Journey first(scene.context, scene.request, states[0]);
  Journey second(scene.context, other, states[1]);
  std::vector<Task<>> journeys;
  journeys.push_back(first.run());
  journeys.push_back(second.run());
  run(scene.loop, when_all(std::move(journeys)));
  CHECK(states[0].issued);
  CHECK(states[1].issued);
  CHECK(scene.ca.count("finalize") == 2);
  CHECK(scene.provider->values.empty());
}

SCENARIO("an order that another request finalized is replaced in the same run") {
  JourneyScene scene;
  WHEN("it was resumed") {
    scene.leave_an_order();
    finish_by_another_request(scene);
    CHECK(scene.run().empty());
  }
  WHEN("the other request comes in between") {
    scene.ca.on_request("finalize", [&] {
      if (scene.ca.count("finalize") == 1) finish_by_another_request(scene);
    });
    scene.ca.instead("finalize", test::problem("403 Forbidden", "orderNotReady", "the order is valid"));
    CHECK(scene.run().empty());
  }
  CHECK(scene.ca.orders() == 2);
  CHECK(scene.provider->values.empty());
}

SCENARIO("an order of an earlier run whose authorization has ended is replaced in the same run") {
  for (const std::string status : {"invalid", "deactivated", "expired", "revoked"}) {
    JourneyScene scene;
    scene.leave_an_order();
    scene.ca.change_answers("authorization", [&status](const FakeCa::Seen& seen, Reply usual) {
      if (seen.url.find("authorization/0/") == std::string::npos) return usual;
      return changed(std::move(usual), [&status](json::Object& authorization) { authorization["status"] = status; });
    });
    CHECK(scene.run().empty());
    CHECK(scene.ca.orders() == 2);
  }
}

SCENARIO("a new order whose authorization has ended is no reason for another one at once") {
  JourneyScene scene;
  scene.ca.change_answers("authorization", [](const FakeCa::Seen&, Reply usual) {
    return changed(std::move(usual), [](json::Object& authorization) { authorization["status"] = "invalid"; });
  });
  CHECK_THAT(scene.run(), StartsWith("acme:authorization"));
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("an authorization that another journey proves is not deactivated") {
  JourneyScene scene;
  scene.request.domains = {"a.example.test", "b.example.test"};
  FakeAuthority authority(scene.settings, {});
  scene.other_authority = &authority;
  int deactivated = 0;
  authority.on_call = [&](const std::string& call) {
    if (call == "order_leaves_pending") authority.invalid = true;
    if (call == "deactivate_authorization") ++deactivated;
  };
  WHEN("nobody else proves it") {
    CHECK(!scene.run().empty());
    CHECK(deactivated == 2);
  }
  WHEN("somebody else does") {
    const auto proof = authority.under_way().proof("a.example.test");
    CHECK(!scene.run().empty());
    CHECK(deactivated == 1);
  }
}

}  // namespace acmed::issue
