// SPDX-License-Identifier: Apache-2.0
// What is done with certificates and accounts that exist: revocation, a new key, deactivation.
#include <atomic>
#include <thread>

#include "base/crypto/encoding.h"
#include "base/runtime/offload.h"
#include "base/runtime/sleep.h"
#include "daemon/acme/answer.h"
#include "tests/unit/acme/bench.h"
#include "tests/unit/catch.h"

namespace acmed::acme {
namespace {

using namespace std::chrono_literals;
using test::Bench;
using test::failure_of;
using test::FakeCa;
using test::problem;

/// A client of a CA that knows its account's key.
struct KnownBench : Bench {
  KnownBench() {
    ca.keep_account();
    register_account();
    ca.forget_seen();
  }
  crypto::PrivateKey next = crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);

  bool has_next_key() const { return ca.account_key() == json::dump(next.jwk()); }
  /// The CA does what it is asked to do, and nobody hears of it.
  void lose_answers_of(const std::string& resource) {
    ca.change_answers(resource, [](const FakeCa::Seen&, FakeCa::Reply) { return FakeCa::Reply("", ""); });
  }
  bool can_order() {
    try {
      run(client.new_order({"a.test"}, std::nullopt));
      return true;
    } catch (const Error&) {
      return false;
    }
  }
};

json::Value payload_of(const FakeCa& ca, const std::string& resource) {
  for (const auto& seen : ca.seen()) {
    if (seen.resource == resource) return json::parse(seen.payload).value_or(json::Value());
  }
  return {};
}

Task<> order(Client* client, int* orders) {
  co_await client->new_order({"a.test"}, std::nullopt);
  ++*orders;
}

}  // namespace

SCENARIO("a certificate is revoked with its reason, by the account or by its own key") {
  Bench bench;
  bench.register_account();
  WHEN("by the account") {
    bench.run(bench.client.revoke("a certificate", RevocationReason::superseded));
    const auto seen = bench.ca.seen().back();
    CHECK(seen.resource == "revoke-cert");
    CHECK(seen.header["kid"].text_or() == bench.ca.url("account/1"));
    const auto payload = payload_of(bench.ca, "revoke-cert");
    CHECK(payload["certificate"].text_or() == crypto::base64url("a certificate"));
    CHECK(payload["reason"].integer_or(-1) == 4);
  }
  WHEN("by its key") {
    bench.run(bench.client.revoke_by_key("a certificate", RevocationReason::key_compromise));
    const auto seen = bench.ca.seen().back();
    CHECK(json::dump(seen.header["jwk"]) == json::dump(json::Value(bench.key.jwk())));
    CHECK(payload_of(bench.ca, "revoke-cert")["reason"].integer_or(-1) == 1);
  }
  WHEN("without a reason, none is given") {
    bench.run(bench.client.revoke("a certificate", RevocationReason::unspecified));
    CHECK(payload_of(bench.ca, "revoke-cert")["reason"].is_null());
  }
}

SCENARIO("what is revoked already was revoked with success; what the CA refuses is told") {
  Bench bench;
  bench.register_account();
  const auto revoke = [&bench] { return bench.client.revoke("a certificate", RevocationReason::superseded); };
  WHEN("the CA says so as RFC 8555 has it") {
    bench.ca.instead("revoke-cert", problem("400 Bad Request", "alreadyRevoked"));
    CHECK_NOTHROW(bench.run(revoke()));
  }
  WHEN("the CA says so by the status alone") {
    bench.ca.instead("revoke-cert", problem("409 Conflict", "malformed", "certificate already revoked"));
    CHECK_NOTHROW(bench.run(revoke()));
  }
  WHEN("it does not take the reason") {
    bench.ca.instead("revoke-cert", problem("400 Bad Request", "badRevocationReason", "not this one"));
    const auto error = failure_of<ProblemError>(bench.loop, revoke());
    CHECK(error.advice() == Error::Advice::refused);
    CHECK_THAT(error.what(), Catch::Contains("not this one") && Catch::Contains("another --reason"));
  }
  WHEN("it does not revoke by ACME") {
    bench.ca.set_directory("revokeCert", json::Value());
    bench.client.forget_directory();
    CHECK(failure_of<Error>(bench.loop, revoke()).cause() == "acme:revokeCert");
  }
}

SCENARIO("an account gets a new key, which signs from then on") {
  KnownBench bench;
  bench.run(bench.client.change_key(bench.next));
  CHECK(bench.has_next_key());
  CHECK(bench.can_order());
  CHECK(bench.client.key_authorization("token") == "token." + bench.next.jwk_thumbprint());
}

SCENARIO("nothing is signed while the account's key changes") {
  KnownBench bench;
  std::atomic<bool> is_ordered = false;
  bench.ca.be_odd("new-order", [&is_ordered](const FakeCa::Seen&) {
    is_ordered = true;
    return std::nullopt;
  });
  int orders = 0;
  const auto change = [&]() -> Task<> {
    while (!is_ordered) co_await offload([] { std::this_thread::yield(); });
    std::vector<Task<>> work;
    work.push_back(bench.client.change_key(bench.next));
    for (int i = 0; i < 3; ++i) work.push_back(order(&bench.client, &orders));
    co_await when_all(std::move(work));
  };
  std::vector<Task<>> work;
  for (int i = 0; i < 3; ++i) work.push_back(order(&bench.client, &orders));
  work.push_back(change());
  bench.run(when_all(std::move(work)));
  CHECK(orders == 6);
  CHECK(bench.has_next_key());
  std::vector<std::string> came;
  for (const auto& seen : bench.ca.seen()) {
    if (seen.resource == "new-order" || seen.resource == "key-change") came.push_back(seen.resource);
  }
  CHECK(came == std::vector<std::string>{"new-order", "new-order", "new-order", "key-change", "new-order", "new-order",
                                         "new-order"});
}

SCENARIO("a change of the key whose answer is lost is found out by asking whose the key is") {
  KnownBench bench;
  WHEN("it has come about") {
    bench.lose_answers_of("key-change");
    bench.run(bench.client.change_key(bench.next));
    CHECK(bench.has_next_key());
    CHECK(bench.can_order());
  }
  WHEN("it came twice, and was refused the second time") {
    bench.ca.process_twice("key-change");
    bench.run(bench.client.change_key(bench.next));
    CHECK(bench.has_next_key());
    CHECK(bench.can_order());
  }
  WHEN("it has not come about") {
    bench.ca.be_odd("key-change", [](const FakeCa::Seen&) { return FakeCa::Reply("", ""); });
    CHECK_THROWS_AS(bench.run(bench.client.change_key(bench.next)), Error);
    CHECK_FALSE(bench.client.key_is_in_doubt());
    CHECK(bench.can_order());
  }
  WHEN("the CA refuses it") {
    bench.ca.instead("key-change", problem("409 Conflict", "malformed", "in use"));
    CHECK_THROWS_AS(bench.run(bench.client.change_key(bench.next)), ProblemError);
    CHECK_FALSE(bench.client.key_is_in_doubt());
    CHECK(bench.can_order());
  }
  WHEN("nobody can be asked") {
    bench.lose_answers_of("key-change");
    bench.ca.be_odd("new-account", [](const FakeCa::Seen&) { return FakeCa::Reply("", ""); });
    CHECK_THROWS_AS(bench.run(bench.client.change_key(bench.next)), Error);
    CHECK(bench.client.key_is_in_doubt());
    bench.ca.forget_seen();
    CHECK(failure_of<Error>(bench.loop, bench.client.new_order({"a.test"}, std::nullopt)).cause() == key_in_doubt);
    CHECK(bench.ca.count("new-order") == 0);
  }
}

SCENARIO("a CA that does not change keys is told by name") {
  KnownBench bench;
  WHEN("it offers none") {
    bench.ca.set_directory("keyChange", json::Value());
    bench.client.forget_directory();
  }
  WHEN("it offers one and has none") {
    bench.ca.instead("key-change", problem("501 Not Implemented", "rejectedIdentifier", "not implemented"));
  }
  CHECK_THROWS_AS(bench.run(bench.client.change_key(bench.next)), Error);
  CHECK(bench.can_order());
}

SCENARIO("an account is deactivated, also when it was before") {
  KnownBench bench;
  bench.run(bench.client.deactivate_account());
  CHECK(bench.run(bench.client.find_account())->status == AccountStatus::deactivated);
  CHECK_NOTHROW(bench.run(bench.client.deactivate_account()));
}

SCENARIO("a CA that refuses to deactivate a valid account is believed") {
  KnownBench bench;
  bench.ca.instead("account", problem("403 Forbidden", "unauthorized", "not you"));
  CHECK_THROWS_AS(bench.run(bench.client.deactivate_account()), Error);
  CHECK(bench.can_order());
}

SCENARIO("reasons are spelled as RFC 5280 has them, and those of CAs are none") {
  for (const auto& text : revocation_reasons()) CHECK(to_text(revocation_reason_from(text).value()) == text);
  for (const auto* text : {"privilegeWithdrawn", "certificateHold", "keycompromise", ""}) {
    CHECK_FALSE(revocation_reason_from(text));
  }
}

}  // namespace acmed::acme
