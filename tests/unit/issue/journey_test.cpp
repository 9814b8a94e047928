// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/journey.h"

#include <functional>

#include "base/crypto/request.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::issue {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using test::FakeCa;
using test::JourneyScene;
using test::problem;
using Reply = FakeCa::Reply;

/// From now on the CA answers so to all that is about `path`: "order/0".
void always(JourneyScene& scene, const std::string& path, const Reply& reply) {
  const auto url = scene.ca.url(path);
  scene.ca.be_odd(path.substr(0, path.find('/')), [url, reply](const FakeCa::Seen& seen) {
    return seen.url == url ? std::optional(reply) : std::nullopt;
  });
}

/// The next so many answers to `resource` are this one.
void times(JourneyScene& scene, int count, const std::string& resource, const Reply& reply) {
  for (int i = 0; i < count; ++i) scene.ca.instead(resource, reply);
}

Reply html(const std::string& status) {
  return Reply(status, "<html><h1>Welcome</h1></html>").with("Content-Type: text/html");
}

/// `usual` with its JSON changed.
Reply changed(Reply usual, const std::function<void(json::Object&)>& change) {
  auto body = *json::parse(usual.body).value().as_object();
  change(body);
  usual.body = json::dump(body);
  return usual;
}

Reply json_body(const std::string& body) {
  return Reply("200 OK", body).with("Content-Type: application/json");
}

}  // namespace

SCENARIO("a certificate costs the protocol's minimum of requests, and leaves nothing in the DNS") {
  JourneyScene scene;
  scene.request.domains = {"example.test", "*.example.test", "a.example.test"};
  REQUIRE(scene.run().empty());
  scene.ca.forget_seen();
  WHEN("the CA issues while it answers") {
    CHECK(scene.run().empty());
    CHECK(scene.ca.count() - scene.ca.count("new-nonce") == 2 * 3 + 4);
    CHECK(scene.ca.count("order") == 1);
  }
  WHEN("it issues after it answered") {
    scene.ca.on_request("finalize", [&] { scene.ca.process_for(1); });
    CHECK(scene.run().empty());
    CHECK(scene.ca.count() - scene.ca.count("new-nonce") <= 2 * 3 + 5);
  }
  CHECK(scene.provider->values.empty());
  CHECK(scene.state().values.empty());
  CHECK(!scene.state().order);
  CHECK(scene.state().issued->generation == 2);
}

SCENARIO("an order that the CA still has is gone on with, with the key that is kept for it") {
  JourneyScene scene;
  scene.leave_an_order();
  const auto key = scene.state().order->key_pem.reveal();
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
  CHECK(scene.live("privkey.pem") == key);
}

SCENARIO("an order that is gone is given up in the same run, in whatever words the CA says so") {
  const std::vector<Reply> words = {Reply("404 Not Found", "404 page not found\n").with("Content-Type: text/plain"),
                                    html("404 Not Found"),
                                    html("410 Gone"),
                                    Reply("404 Not Found", ""),
                                    Reply("410 Gone", ""),
                                    Reply("404 Not Found", "{}").with("Content-Type: application/json"),
                                    problem("404 Not Found", "malformed", "no order for this ID"),
                                    problem("410 Gone", "serverInternal"),
                                    problem("400 Bad Request", "accountDoesNotExist")};
  for (const auto& reply : words) {
    GIVEN("a kept order of which the CA says " + reply.status + " " + reply.headers + reply.body) {
      JourneyScene scene;
      scene.leave_an_order();
      always(scene, "order/0", reply);
      CHECK(scene.run().empty());
      CHECK(scene.ca.orders() == 2);
      CHECK(scene.asked("order/0") > 1);
    }
  }
}

SCENARIO("an order that one of the CA's servers does not know yet is no order that is gone") {
  JourneyScene scene;
  scene.leave_an_order();
  scene.ca.instead("order", html("404 Not Found"));
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("an authorization that one of the CA's servers does not know yet fails no order") {
  JourneyScene scene;
  times(scene, 2, "authorization", html("404 Not Found"));
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("an order past its end is given up without a question") {
  JourneyScene scene;
  WHEN("the CA said when it ends") {
    scene.ca.set_expires("2026-11-29T00:00:00Z");
    scene.leave_an_order();
    scene.clock.advance(24h * 8);
  }
  WHEN("the CA did not say, or named a time beyond all sense") {
    for (const std::string time : {"", "9999-12-31T00:00:00Z"}) {
      scene.ca.set_expires(time);
      scene.leave_an_order();
      REQUIRE(scene.state().order->expires);
      CHECK(*scene.state().order->expires <= scene.clock.now() + 24h * 31);
      scene.clock.advance(24h * 31);
    }
  }
  const auto before = scene.ca.orders();
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == before + 1);
  CHECK(scene.asked("order/" + std::to_string(before - 1)) == 0);
}

SCENARIO("an order that ended in the past when it was made is gone on with as long as the CA has it") {
  JourneyScene scene;
  scene.ca.set_expires("0001-01-01T00:00:00Z");
  scene.leave_an_order();
  scene.clock.advance(1h);
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("an order of a version that did not keep its end gets one when it is met") {
  JourneyScene scene;
  scene.leave_an_order();
  auto state = scene.state();
  state.order->expires.reset();
  run(scene.loop, scene.store.save_certificate("web", state));
  scene.ca.instead("order", Reply("503 Service Unavailable", ""));
  CHECK(!scene.run().empty());
  CHECK(scene.state().order->expires);
}

SCENARIO("an order that cannot be read is replaced at the second try") {
  const std::vector<Reply> words = {problem("500 Internal Server Error", "serverInternal", "sql: no rows"),
                                    json_body(R"({"status": "expired"})"),
                                    json_body("[]"),
                                    json_body(R"({"status": "pending")"),
                                    html("200 OK"),
                                    Reply("200 OK", ""),
                                    Reply("204 No Content", ""),
                                    Reply("301 Moved Permanently", "").with("Location: /"),
                                    problem("403 Forbidden", "unauthorized", "the order is another account's"),
                                    problem("400 Bad Request", "malformed")};
  for (const auto& reply : words) {
    GIVEN("a kept order of which the CA says " + reply.status + " " + reply.body) {
      JourneyScene scene;
      scene.leave_an_order();
      always(scene, "order/0", reply);
      CHECK(!scene.run().empty());
      REQUIRE(scene.state().order);
      CHECK(scene.state().order->failures == 1);
      CHECK(scene.run().empty());
      CHECK(scene.ca.orders() == 2);
    }
  }
  GIVEN("one that is readable in between") {
    JourneyScene scene;
    scene.leave_an_order();
    scene.ca.instead("order", html("200 OK"));
    CHECK(!scene.run().empty());
    scene.ca.instead("challenge", {"503 Service Unavailable", ""});
    CHECK(!scene.run().empty());
    CHECK(scene.state().order->failures == 0);
    scene.ca.instead("order", html("200 OK"));
    CHECK(!scene.run().empty());
    CHECK(scene.run().empty());
    CHECK(scene.ca.orders() == 1);
  }
}

SCENARIO("a good order outlives a CA that is away as a whole, however long") {
  const std::vector<Reply> words = {Reply("", ""),
                                    Reply("503 Service Unavailable", ""),
                                    html("502 Bad Gateway"),
                                    problem("503 Service Unavailable", "serverInternal"),
                                    Reply("503 Service Unavailable", "").with("Retry-After: 1"),
                                    problem("429 Too Many Requests", "rateLimited").with("Retry-After: 1")};
  for (const auto& reply : words) {
    GIVEN("a CA that says to all: " + reply.status + " " + reply.body) {
      JourneyScene scene;
      scene.leave_an_order();
      const auto key = scene.state().order->key_pem.reveal();
      for (const std::string resource : {"order", "new-order"}) {
        scene.ca.be_odd(resource, [reply](const FakeCa::Seen&) { return std::optional(reply); });
      }
      for (int i = 0; i < 7; ++i) {
        CHECK(!scene.run().empty());
        scene.clock.advance(1h);
      }
      for (const std::string resource : {"order", "new-order"}) scene.ca.be_odd(resource, {});
      CHECK(scene.run().empty());
      CHECK(scene.ca.orders() == 1);
      CHECK(scene.live("privkey.pem") == key);
    }
  }
}

SCENARIO("an order that gets no answer while the CA takes new ones is replaced after some tries") {
  for (const auto& reply : {Reply("", ""), Reply("503 Service Unavailable", "").with("Retry-After: 1"),
                            problem("429 Too Many Requests", "rateLimited").with("Retry-After: 1")}) {
    GIVEN("a kept order of which the CA says: " + reply.status) {
      JourneyScene scene;
      scene.leave_an_order();
      always(scene, "order/0", reply);
      int runs = 1;
      while (runs < 10 && !scene.run().empty()) ++runs;
      CHECK(runs > 2);
      CHECK(runs < 6);
      CHECK(scene.ca.orders() == 2);
    }
  }
}

SCENARIO("an order whose URL cannot be asked is replaced, without a wait") {
  JourneyScene scene;
  scene.ca.change_answers("new-order", [](const FakeCa::Seen&, Reply usual) {
    usual.headers = std::string("Location: https://elsewhere.test/o/0") + "\r\n";
    return usual;
  });
  CHECK_THAT(scene.run(), StartsWith("http:url"));
  CHECK(scene.clock.now() < Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)) + 1s);
  CHECK(!scene.run().empty());
  scene.ca.change_answers("new-order", {});
  CHECK(scene.run().empty());
}

SCENARIO("an order whose authorizations the CA has lost is replaced after some tries") {
  JourneyScene scene;
  scene.leave_an_order();
  always(scene, "authorization/0/0", html("404 Not Found"));
  int runs = 1;
  while (runs < 10 && !scene.run().empty()) ++runs;
  CHECK(runs == 5);
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("an order that the CA made invalid is replaced at once") {
  JourneyScene scene;
  scene.leave_an_order();
  always(scene, "order/0", json_body(R"({"status": "invalid"})"));
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("a key that cannot be read takes its order with it") {
  JourneyScene scene;
  scene.leave_an_order();
  auto state = scene.state();
  state.order->key_pem = Secret("no key");
  run(scene.loop, scene.store.save_certificate("web", state));
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("a few odd answers among the polls of an order are passed over") {
  JourneyScene scene;
  times(scene, 3, "order", html("500 Internal Server Error"));
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 1);
  WHEN("they do not end") {
    times(scene, 9, "order", html("500 Internal Server Error"));
    CHECK_THAT(scene.run(), Contains("answered HTML with status 500"));
    CHECK(scene.ca.count("order") < 12);
    CHECK(scene.state().order);
  }
}

SCENARIO("a server of the CA that has yet to learn how far an order is gets asked again") {
  JourneyScene scene;
  int stale = 2;
  const auto say_ready = [&stale](const FakeCa::Seen&, Reply usual) {
    return stale-- > 0 ? changed(usual, [](json::Object& order) { order["status"] = "ready"; }) : usual;
  };
  WHEN("it still says ready after the order was finalized") {
    scene.ca.change_answers("finalize", [](const FakeCa::Seen&, Reply usual) {
      return changed(usual, [](json::Object& order) { order["status"] = "processing"; });
    });
    scene.ca.on_request("finalize", [&] { scene.ca.change_answers("order", say_ready); });
    CHECK(scene.run().empty());
    CHECK(scene.ca.count("order") == 4);
  }
  WHEN("finalize itself is answered so") {
    scene.ca.change_answers("finalize", say_ready);
    CHECK(scene.run().empty());
  }
  WHEN("it names the certificate's URL late") {
    stale = 3;
    const auto name_none = [&stale](const FakeCa::Seen&, Reply usual) {
      return stale-- > 0 ? changed(usual, [](json::Object& order) { order.erase("certificate"); }) : usual;
    };
    scene.ca.change_answers("finalize", name_none);
    scene.ca.on_request("finalize", [&] { scene.ca.change_answers("order", name_none); });
    CHECK(scene.run().empty());
    CHECK(scene.clock.now() < Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)) + 1min);
  }
  CHECK(scene.ca.count("finalize") == 1);
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("an order that never names its certificate is kept for some tries, and has an end") {
  JourneyScene scene;
  for (const std::string resource : {"finalize", "order"}) {
    scene.ca.change_answers(resource, [](const FakeCa::Seen& seen, Reply usual) {
      if (!seen.url.ends_with("/0")) return usual;
      return changed(usual, [](json::Object& order) { order.erase("certificate"); });
    });
  }
  CHECK_THAT(scene.run(), Contains("valid without naming its certificate") && !Contains("\"\""));
  REQUIRE(scene.state().order);
  const auto key = scene.state().order->key_pem.reveal();
  CHECK(!scene.run().empty());
  REQUIRE(scene.state().order);
  CHECK(scene.state().order->key_pem.reveal() == key);
  int runs = 3;
  while (runs < 10 && !scene.run().empty()) ++runs;
  CHECK(runs == 5);
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("what a CA says to a CSR does not end an order that goes on") {
  JourneyScene scene;
  WHEN("the order is not ready yet for one of its servers") {
    times(scene, 2, "finalize", problem("403 Forbidden", "orderNotReady", "the order is pending"));
    CHECK(scene.run().empty());
    CHECK(scene.ca.count("finalize") == 3);
  }
  WHEN("its answer to the CSR is lost") {
    bool lost = false;
    scene.ca.change_answers("finalize", [&lost](const FakeCa::Seen&, Reply usual) {
      return std::exchange(lost, true) ? usual : Reply("", "");
    });
    auto outcome = scene.run();
    if (!outcome.empty()) outcome = scene.run();
    CHECK(outcome.empty());
  }
  WHEN("it answers the CSR by a page, but takes it") {
    scene.ca.change_answers("finalize", [](const FakeCa::Seen&, const Reply&) { return html("200 OK"); });
    CHECK(scene.run().empty());
    CHECK(scene.ca.count("finalize") == 1);
  }
  WHEN("it refuses and has the order ready as before") {
    scene.ca.instead("finalize", problem("400 Bad Request", "badCSR", "look at the logs"));
    CHECK_THAT(scene.run(), StartsWith("acme:badCSR") && Contains("look at the logs"));
    CHECK(scene.state().order);
    CHECK(scene.run().empty());
  }
  CHECK(scene.ca.orders() == 1);
}

SCENARIO("an order that the CA ends at its CSR is given up, with the CA's reason") {
  JourneyScene scene;
  scene.ca.instead("finalize", problem("403 Forbidden", "caa", "CAA forbids it"));
  scene.ca.on_request("finalize", [&] { always(scene, "order/0", json_body(R"({"status": "invalid"})")); });
  CHECK_THAT(scene.run(), StartsWith("acme:caa") && Contains("CAA forbids it"));
  CHECK(!scene.state().order);
}

SCENARIO("a certificate that cannot be downloaded yet costs no other order, and no other key") {
  const std::vector<Reply> words = {problem("404 Not Found", "malformed", "Certificate not found"),
                                    problem("400 Bad Request", "malformed"),
                                    html("404 Not Found"),
                                    html("200 OK"),
                                    Reply("200 OK", ""),
                                    Reply("410 Gone", ""),
                                    problem("500 Internal Server Error", "serverInternal"),
                                    problem("403 Forbidden", "unauthorized"),
                                    Reply("200 OK", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                                    Reply("200 OK", "-----BEGIN CERTIFICATE-----\nMIIB")};
  for (const auto& reply : words) {
    GIVEN("a certificate of which the CA says " + reply.status + " " + reply.body) {
      JourneyScene scene;
      WHEN("it says so twice") {
        times(scene, 2, "certificate", reply);
        CHECK(scene.run().empty());
      }
      WHEN("it says so for two runs") {
        always(scene, "certificate/0", reply);
        CHECK(!scene.run().empty());
        CHECK(!scene.run().empty());
        REQUIRE(scene.state().order);
        const auto key = scene.state().order->key_pem.reveal();
        scene.ca.be_odd("certificate", {});
        CHECK(scene.run().empty());
        CHECK(scene.live("privkey.pem") == key);
      }
      CHECK(scene.ca.orders() == 1);
      CHECK(scene.ca.count("finalize") == 1);
    }
  }
}

SCENARIO("a certificate that is never there has its order replaced in the end") {
  JourneyScene scene;
  always(scene, "certificate/0", problem("404 Not Found", "malformed", "Certificate not found"));
  int runs = 1;
  while (runs < 10 && !scene.run().empty()) ++runs;
  CHECK(runs == 5);
  CHECK(scene.ca.orders() == 2);
}

SCENARIO("a chain that no client could verify does not take the place of a good pair") {
  JourneyScene scene;
  REQUIRE(scene.run().empty());
  const auto pair = scene.live("privkey.pem") + scene.live("fullchain.pem");
  const test::TestCa other;
  scene.ca.issue_by([&](const FakeCa::Issuance& issuance) { return scene.leaf(issuance) + other.intermediate_pem(); });
  CHECK_THAT(scene.run(), StartsWith("acme:chain") && Contains("acmed test intermediate"));
  CHECK(scene.live("privkey.pem") + scene.live("fullchain.pem") == pair);
  CHECK(scene.state().issued->generation == 1);
  REQUIRE(scene.state().order);
  WHEN("it was a hiccup") {
    const auto key = scene.state().order->key_pem.reveal();
    scene.ca.issue_by([&](const FakeCa::Issuance& issuance) { return scene.chain(issuance); });
    CHECK(scene.run().empty());
    CHECK(scene.live("privkey.pem") == key);
    CHECK(scene.ca.orders() == 2);
  }
  WHEN("it was a mistake at that order") {
    scene.ca.issue_by([&](const FakeCa::Issuance& issuance) {
      return scene.leaf(issuance) + (issuance.order == 1 ? other.intermediate_pem() : scene.issuer.intermediate_pem());
    });
    int runs = 2;
    while (runs < 10 && !scene.run().empty()) ++runs;
    CHECK(runs == 5);
    CHECK(scene.ca.orders() == 3);
  }
}

SCENARIO("a chain in another order is put right") {
  JourneyScene scene;
  scene.ca.issue_by([&](const FakeCa::Issuance& issuance) {
    return scene.issuer.root_pem() + scene.issuer.intermediate_pem() + scene.leaf(issuance);
  });
  CHECK(scene.run().empty());
  CHECK(scene.live("chain.pem") == scene.issuer.intermediate_pem() + scene.issuer.root_pem());
  CHECK(scene.live("fullchain.pem") == scene.live("cert.pem") + scene.live("chain.pem"));
}

SCENARIO("names beyond those that were ordered are no fault, and those that lack end the order") {
  JourneyScene scene;
  scene.request.domains = {"*.example.test"};
  const auto issue_with = [&](std::vector<std::string> names) {
    test::CertificateFacts facts;
    facts.dns_names = std::move(names);
    scene.ca.issue_by([&scene, facts](const FakeCa::Issuance& issuance) {
      return scene.leaf(issuance, facts) + scene.issuer.intermediate_pem();
    });
  };
  WHEN("there are more, in other letters, and one is there twice") {
    issue_with({"Example.test", "*.EXAMPLE.test", "example.test"});
    CHECK(scene.run().empty());
    CHECK(scene.state().issued->domains == scene.request.domains);
    CHECK(scene.ca.count("certificate") == 1);
  }
  WHEN("one lacks") {
    issue_with({"example.test"});
    CHECK_THAT(scene.run(), StartsWith("acme:certificate") && Contains("*.example.test"));
    CHECK(!scene.state().order);
    CHECK(scene.live("cert.pem").empty());
    CHECK(scene.ca.count("certificate") == 1);
  }
}

SCENARIO("a certificate for another key ends the order") {
  JourneyScene scene;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
  const auto request = crypto::make_csr(key, scene.request.domains);
  scene.ca.issue_by([&](FakeCa::Issuance issuance) {
    issuance.request = request;
    return scene.chain(issuance);
  });
  CHECK_THAT(scene.run(), StartsWith("acme:certificate") && Contains("another key"));
  CHECK(!scene.state().order);
}

SCENARIO("a certificate that is not for servers is not put in service") {
  JourneyScene scene;
  test::CertificateFacts facts;
  WHEN("it is a CA's") {
    facts.is_ca = true;
  }
  WHEN("it is for clients alone") {
    facts.extended_key_usage = "clientAuth";
  }
  scene.ca.issue_by(
      [&](const FakeCa::Issuance& issuance) { return scene.leaf(issuance, facts) + scene.issuer.intermediate_pem(); });
  CHECK_THAT(scene.run(), StartsWith("acme:chain"));
  CHECK(scene.live("cert.pem").empty());
  CHECK(scene.state().order);
}

SCENARIO("a certificate that begins later waits while the one in service is good") {
  JourneyScene scene;
  const auto from = [&](std::chrono::sys_seconds begin) {
    test::CertificateFacts facts;
    facts.not_before = begin;
    scene.ca.issue_by([&scene, facts](const FakeCa::Issuance& issuance) {
      return scene.leaf(issuance, facts) + scene.issuer.intermediate_pem();
    });
  };
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(scene.clock.now());
  WHEN("there is one") {
    REQUIRE(scene.run().empty());
    const auto pair = scene.live("privkey.pem") + scene.live("fullchain.pem");
    from(now + 48h);
    CHECK_THAT(scene.run(), StartsWith("acme:not-yet-valid") && Contains("2026-11-24T00:00:00Z") && Contains("clock"));
    CHECK(scene.live("privkey.pem") + scene.live("fullchain.pem") == pair);
    scene.clock.advance(48h);
    CHECK(scene.run().empty());
    CHECK(scene.state().issued->generation == 2);
    CHECK(scene.ca.orders() == 2);
  }
  WHEN("there is none") {
    from(now + 48h);
    CHECK(scene.run().empty());
  }
  WHEN("it is only minutes ahead") {
    REQUIRE(scene.run().empty());
    from(now + 30min);
    CHECK(scene.run().empty());
  }
}

SCENARIO("an order for other names, or at another CA, is not gone on with") {
  JourneyScene scene;
  scene.leave_an_order();
  WHEN("the names have changed") {
    scene.request.domains = {"www.example.test", "more.example.test"};
  }
  WHEN("the type of key has") {
    scene.request.key_type = crypto::KeyType::ecdsa_p384;
  }
  WHEN("the CA has") {
    scene.settings.directory_url = scene.ca.url("directory/other");
  }
  WHEN("the external account has") {
    scene.settings.account.external_account =
        acme::ExternalAccountBinding{"department-2", Secret("0123456789abcdef0123456789abcdef")};
  }
  CHECK(scene.run().empty());
  CHECK(scene.ca.orders() == 2);
  CHECK(scene.asked("order/0") == 0);
}

}  // namespace acmed::issue
