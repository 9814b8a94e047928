// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/client.h"

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "daemon/acme/answer.h"
#include "tests/unit/acme/bench.h"
#include "tests/unit/acme/chains.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace std::chrono_literals;
using acme::Order;
using acme::OrderStatus;
using test::Bench;
using test::FakeCa;

namespace {

Task<> prove(acme::Client* client, std::string authorization_url) {
  const auto authorization = co_await client->authorization(authorization_url);
  co_await client->respond(authorization.challenge("dns-01")->url);
}

/// A whole certificate, with all authorizations side by side.
Task<std::vector<crypto::Certificate>> issue(acme::Client* client, std::vector<std::string> names,
                                             std::string preferred_chain) {
  auto order = co_await client->new_order(names, std::nullopt);
  std::vector<Task<>> proofs;
  for (const auto& url : order.authorizations) proofs.push_back(prove(client, url));
  co_await when_all(std::move(proofs));
  order = co_await client->order_leaves(order.url, OrderStatus::pending, 1min);
  order = co_await client->finalize(order, "a CSR");
  if (order.status == OrderStatus::processing) {
    order = co_await client->order_leaves(order.url, OrderStatus::processing, 1min);
  }
  auto download = co_await client->certificate(order.certificate, preferred_chain);
  co_return std::move(download.chain);
}

acme::Order ready_order(Bench& bench) {
  acme::Order order;
  order.url = bench.ca.url("order/0");
  order.finalize = bench.ca.url("finalize/0");
  return order;
}

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < count; ++i) list.push_back("n" + std::to_string(i) + ".example");
  return list;
}

}  // namespace

SCENARIO("a certificate costs the protocol's minimum of requests") {
  Bench bench;
  bench.ca.set_pem("certificate", test::chain_of_root_one);
  bench.register_account();
  for (const std::size_t count : {1U, 2U, 7U}) {
    GIVEN(std::to_string(count) + " names and a warm account") {
      bench.ca.forget_seen();
      WHEN("the CA issues while it answers") {
        const auto chain = bench.run(issue(&bench.client, names(count), ""));
        THEN("it takes newOrder, two for each name, a poll, finalize and the download") {
          CHECK(chain.size() == 2);
          CHECK(bench.ca.count() == 2 * count + 4);
          CHECK(bench.ca.count("new-nonce") == 0);
        }
      }
      WHEN("the CA issues after it answered") {
        bench.ca.process_for(1);
        bench.ca.on_request("finalize", [&] { bench.ca.process_for(1); });
        bench.run(issue(&bench.client, names(count), ""));
        THEN("it takes one poll more") {
          CHECK(bench.ca.count() - bench.ca.count("new-nonce") <= 2 * count + 5);
        }
      }
    }
  }
}

SCENARIO("a hundred names need no more than five further nonces") {
  Bench bench;
  bench.ca.set_pem("certificate", test::chain_of_root_one);
  bench.register_account();
  bench.ca.forget_seen();
  bench.run(issue(&bench.client, names(100), ""));
  CHECK(bench.ca.count("new-nonce") <= 5);
  CHECK(bench.ca.count() <= 2 * 100 + 9);
}

SCENARIO("the directory is read once, however many ask for it") {
  Bench bench;
  const auto body = [](acme::Client* client) -> Task<> {
    std::vector<Task<acme::Directory>> tasks;
    for (int i = 0; i < 5; ++i) tasks.push_back(client->directory());
    co_await when_all(std::move(tasks));
  };
  bench.run(body(&bench.client));
  CHECK(bench.ca.count("directory") == 1);
}

SCENARIO("names are ordered in lower case, with the profile only where one is wanted") {
  Bench bench;
  bench.register_account();
  const auto order = bench.run(bench.client.new_order({"*.Example.COM", "example.com"}, "tlsserver"));
  CHECK(order.status == OrderStatus::pending);
  CHECK(order.url == bench.ca.url("order/0"));
  CHECK(order.authorizations.size() == 2);
  CHECK(bench.ca.seen().back().payload ==
        R"({"identifiers":[{"type":"dns","value":"*.example.com"},{"type":"dns","value":"example.com"}],)"
        R"("profile":"tlsserver"})");
  bench.run(bench.client.new_order({"a.example"}, std::nullopt));
  CHECK(bench.ca.seen().back().payload == R"({"identifiers":[{"type":"dns","value":"a.example"}]})");
}

SCENARIO("a CA is asked when it suggests to renew, unsigned, and told which certificate an order replaces") {
  Bench bench;
  const std::string window =
      R"("suggestedWindow":{"start":"2027-01-02T03:04:05.5Z","end":"2027-01-03T00:00:00+01:00"})";
  const auto reply = [&window](const std::string& more) {
    return FakeCa::Reply("200 OK", "{" + window + more + "}").with("Retry-After: 21600");
  };
  bench.ca.set_directory("renewalInfo", bench.ca.url("renewal-info"));
  WHEN("it says when") {
    bench.ca.instead("renewal-info", reply(R"(,"explanationURL":"https://ca.example/why")"));
    const auto info = bench.run(bench.client.renewal_info("aYhba4.AIdl"));
    REQUIRE(info);
    CHECK(to_rfc3339(info->start) == "2027-01-02T03:04:05Z");
    CHECK(to_rfc3339(info->end) == "2027-01-02T23:00:00Z");
    CHECK(info->explanation_url == "https://ca.example/why");
    CHECK(info->ask_again == bench.clock.now() + std::chrono::hours(6));
    CHECK(bench.ca.seen().back().method == "GET");
    CHECK(bench.ca.seen().back().url == bench.ca.url("renewal-info/aYhba4.AIdl"));
  }
  WHEN("the explanation is no URL that a person could open") {
    for (const auto* url : {R"("javascript:x")", R"("https://a b")", "\"https://a\\u001b[2J\"", "7"}) {
      bench.ca.instead("renewal-info", reply(std::string(R"(,"explanationURL":)") + url));
      CHECK(bench.run(bench.client.renewal_info("a.b"))->explanation_url.empty());
    }
  }
  WHEN("it says when to ask again, in bounds") {
    for (const auto& [said, minutes] : std::map<std::string, int>{{"1", 1}, {"9999999", 24 * 60}, {"soon", 6 * 60}}) {
      bench.ca.instead("renewal-info", FakeCa::Reply("200 OK", "{" + window + "}").with("Retry-After: " + said));
      CHECK(bench.run(bench.client.renewal_info("a.b"))->ask_again ==
            bench.clock.now() + std::chrono::minutes(minutes));
    }
  }
  WHEN("its window is none") {
    for (const auto* answer :
         {"{}", "[]", "no JSON", R"({"suggestedWindow":{"start":"2027-01-02T00:00:00Z"}})",
          R"({"suggestedWindow":{"start":"2027-01-02T00:00:00Z","end":"2027-01-02T00:00:00Z"}})"}) {
      bench.ca.instead("renewal-info", {"200 OK", answer});
      CHECK_THROWS_AS(bench.run(bench.client.renewal_info("a.b")), acme::AnswerError);
    }
  }
  WHEN("it makes no suggestions, nothing is asked") {
    bench.ca.set_directory("renewalInfo", "");
    CHECK(!bench.run(bench.client.renewal_info("a.b")));
    CHECK(bench.ca.count() == 1);
  }
  WHEN("a certificate is replaced") {
    bench.register_account();
    bench.run(bench.client.new_order({"a.example"}, std::nullopt, "aYhba4.AIdl"));
    CHECK(bench.ca.seen().back().payload ==
          R"({"identifiers":[{"type":"dns","value":"a.example"}],"replaces":"aYhba4.AIdl"})");
  }
}

SCENARIO("an account is created with what the operator said, and no more") {
  Bench bench;
  WHEN("there is a contact and the terms are agreed") {
    bench.register_account({.contact = {"mailto:a@b.example"}, .terms_agreed = true, .external_account = {}});
    const auto request = bench.ca.seen().back();
    CHECK(request.payload == R"({"contact":["mailto:a@b.example"],"termsOfServiceAgreed":true})");
    CHECK(request.header["jwk"] == json::Value(bench.key.jwk()));
  }
  WHEN("there is neither") {
    bench.register_account();
    CHECK(bench.ca.seen().back().payload == "{}");
  }
  WHEN("the CA has the account already") {
    bench.ca.instead("new-account", FakeCa::Reply("200 OK", R"({"status":"valid"})").with("Location: https://x/a/7"));
    const auto account = bench.run(bench.client.register_account({}));
    CHECK(account.url == "https://x/a/7");
  }
}

SCENARIO("an external account is bound by an HMAC over the account's key") {
  Bench bench;
  bench.ca.set_directory("meta", json::Object{{"externalAccountRequired", true}});
  WHEN("the operator gave the key") {
    const Secret hmac_key("0123456789abcdef0123456789abcdef");
    bench.register_account({.contact = {}, .terms_agreed = true, .external_account = {{"kid-1", hmac_key}}});
    const auto payload = json::parse(bench.ca.seen().back().payload).value();
    const auto& binding = payload["externalAccountBinding"];
    const auto header = json::parse(crypto::from_base64(binding["protected"].text_or()).value()).value();
    CHECK(header ==
          json::Value(json::Object{{"alg", "HS256"}, {"kid", "kid-1"}, {"url", bench.ca.url("new-account")}}));
    CHECK(json::parse(crypto::from_base64(binding["payload"].text_or()).value()) == json::Value(bench.key.jwk()));
    const auto signed_text = binding["protected"].text_or() + "." + binding["payload"].text_or();
    CHECK(binding["signature"].text_or() ==
          crypto::base64url(crypto::hmac(crypto::Digest::sha256, hmac_key.reveal(), signed_text)));
  }
  WHEN("the operator did not") {
    THEN("the CA is not even asked") {
      CHECK_THROWS_AS(bench.register_account(), Refused);
      CHECK(bench.ca.count("new-account") == 0);
    }
  }
}

SCENARIO("an order whose answers are all lost is made once") {
  Bench bench;
  bench.register_account();
  bench.ca.change_answers("new-order", [](const FakeCa::Seen&, const FakeCa::Reply&) { return FakeCa::Reply("", ""); });
  for (std::size_t times = 1; times < 3; ++times) {
    CHECK_THROWS_AS(bench.run(bench.client.new_order({"example.test"}, std::nullopt)), Retry);
    CHECK(bench.ca.orders() == times);
  }
}

SCENARIO("the answer to a challenge is the token with the account key's thumbprint") {
  Bench bench;
  const auto expected = "abc." + bench.key.jwk_thumbprint();
  CHECK(bench.client.key_authorization("abc") == expected);
}

SCENARIO("a challenge that the CA has already begun to validate is as good as responded to") {
  Bench bench;
  bench.register_account();
  bench.ca.instead("challenge", test::problem("400 Bad Request", "malformed", "the challenge is not pending"));
  bench.run(bench.client.respond(bench.ca.url("challenge/0/0")));
  bench.ca.instead("challenge", test::problem("403 Forbidden", "unauthorized"));
  CHECK_THROWS_AS(bench.run(bench.client.respond(bench.ca.url("challenge/0/0"))), acme::ProblemError);
}

SCENARIO("an order that the CA gave up is shown, not thrown") {
  Bench bench;
  bench.register_account();
  bench.ca.instead("order", {"200 OK", R"({"status":"invalid","error":{"type":"urn:ietf:params:acme:error:caa"}})"});
  const auto order = bench.run(bench.client.order_leaves(bench.ca.url("order/0"), OrderStatus::pending, 1min));
  CHECK(order.status == OrderStatus::invalid);
  CHECK(order.error->type == "caa");
}

SCENARIO("polls keep to Retry-After in both of its forms") {
  Bench bench;
  bench.register_account();
  const auto pending = [] { return FakeCa::Reply("200 OK", R"({"status":"pending"})"); };
  const auto url = bench.ca.url("order/0");
  const auto start = bench.clock.now();
  WHEN("it is seconds, then a date, then a date in the past") {
    bench.ca.instead("order", pending().with("Retry-After: 7"));
    bench.ca.instead("order", pending().with("Retry-After: Sun, 22 Nov 2026 00:01:00 GMT"));
    bench.ca.instead("order", pending().with("Retry-After: Sun, 22 Nov 2020 00:00:00 GMT"));
    bench.ca.instead("order", {"200 OK", R"({"status":"ready"})"});
    bench.run(bench.client.order_leaves(url, OrderStatus::pending, 10min));
    CHECK(bench.ca.count("order") == 4);
    CHECK(bench.clock.now() - start >= 60s);
    CHECK(bench.clock.now() - start < 80s);
  }
  WHEN("it is a day, and the CA is done after seconds") {
    bench.ca.instead("order", pending().with("Retry-After: 86400"));
    bench.ca.instead("order", {"200 OK", R"({"status":"ready"})"});
    bench.run(bench.client.order_leaves(url, OrderStatus::pending, 10min));
    CHECK(bench.clock.now() - start < 2min);
  }
  WHEN("it is later than the limit, again and again") {
    for (int i = 0; i < 20; ++i) bench.ca.instead("order", pending().with("Retry-After: 900"));
    const auto error = test::failure_of<Error>(bench.loop, bench.client.order_leaves(url, OrderStatus::pending, 10min));
    CHECK(error.cause() == "acme:timeout");
    CHECK(error.advice() == Error::Advice::retry);
    CHECK(error.party() == Party::ca);
    REQUIRE(error.not_before());
    CHECK(*error.not_before() - start >= 900s);
    CHECK_THAT(error.what(), Catch::Contains("the CA asked to be asked again at"));
    CHECK(bench.ca.count("order") <= 11);
  }
  WHEN("finalize's answer has it") {
    bench.ca.instead("finalize", FakeCa::Reply("200 OK", R"({"status":"processing"})").with("Retry-After: 3"));
    const auto order = bench.run(bench.client.finalize(ready_order(bench), "a CSR"));
    bench.ca.instead("order", {"200 OK", R"({"status":"valid","certificate":"https://x/c"})"});
    bench.run(bench.client.order_ends(order, 10min));
    CHECK(bench.clock.now() - start >= 3s);
    CHECK(bench.ca.count("order") == 1);
  }
}

SCENARIO("an account may have an RSA key, whose signatures are made side by side with other work") {
  Bench bench(crypto::KeyType::rsa_2048);
  bench.register_account();
  std::vector<Task<Order>> orders;
  for (int i = 0; i < 5; ++i) orders.push_back(bench.client.new_order({"a.example"}, std::nullopt));
  CHECK(bench.run(when_all(std::move(orders))).size() == 5);
}

SCENARIO("an order that never becomes ready ends the wait at its limit") {
  Bench bench;
  bench.register_account();
  bench.run(bench.client.new_order({"a.example"}, std::nullopt));
  const auto error = test::failure_of<Error>(
      bench.loop, bench.client.order_leaves(bench.ca.url("order/0"), OrderStatus::pending, 10min));
  CHECK(error.cause() == "acme:timeout");
  CHECK(bench.ca.count("order") < 100);
}

SCENARIO("an authorization is polled on its own, for orders that are proved in parts") {
  Bench bench;
  bench.register_account();
  const auto url = bench.ca.url("authorization/0/0");
  const auto pending = [] { return FakeCa::Reply("200 OK", R"({"status":"pending"})"); };
  const auto start = bench.clock.now();
  WHEN("the CA takes its time") {
    bench.ca.instead("authorization", pending().with("Retry-After: 7"));
    bench.ca.instead("authorization", {"200 OK", R"({"status":"valid"})"});
    const auto authorization = bench.run(bench.client.authorization_leaves_pending(url, 1min));
    CHECK(authorization.status == acme::AuthorizationStatus::valid);
    CHECK(bench.ca.count("authorization") == 2);
    CHECK(bench.clock.now() - start >= 7s);
  }
  WHEN("the CA finds it wrong") {
    bench.ca.instead("authorization", {"200 OK", R"({"status":"invalid"})"});
    CHECK(bench.run(bench.client.authorization_leaves_pending(url, 1min)).status == acme::AuthorizationStatus::invalid);
  }
  WHEN("it stays pending") {
    for (int i = 0; i < 3; ++i) bench.ca.instead("authorization", pending().with("Retry-After: 300"));
    const auto error = test::failure_of<Error>(bench.loop, bench.client.authorization_leaves_pending(url, 1min));
    CHECK(error.cause() == "acme:timeout");
    CHECK_THAT(error.what(), Catch::StartsWith("the authorization http://") && Catch::Contains("is still pending"));
  }
}

SCENARIO("the chain that the operator prefers is taken where the CA offers it") {
  Bench bench;
  bench.ca.set_pem("certificate", test::chain_of_root_one);
  bench.ca.set_pem("alternate", test::chain_of_root_two);
  bench.ca.add_header("certificate", "Link: <" + bench.ca.directory_url() + ">;rel=\"index\"");
  bench.ca.add_header("certificate", "Link: </alternate/0>; rel=\"alternate\"");
  bench.register_account();
  bool is_offered = false;
  const auto topmost = [&](const std::string& preferred) {
    const auto download = bench.run(bench.client.certificate(bench.ca.url("certificate/0"), preferred));
    is_offered = download.offered.empty();
    return download.chain.back().issuer_common_name();
  };
  WHEN("none is preferred") {
    CHECK(topmost("") == "Root One");
    CHECK(bench.ca.count("alternate") == 0);
  }
  WHEN("the first is preferred") {
    CHECK(topmost("Root One") == "Root One");
    CHECK(bench.ca.count("alternate") == 0);
  }
  WHEN("the alternate is preferred") {
    CHECK(topmost("Root Two") == "Root Two");
    CHECK(is_offered);
  }
  WHEN("an alternate before it cannot be had or read") {
    bench.ca.instead("alternate", {"404 Not Found", "gone"});
    bench.ca.instead("alternate", {"500 Internal Server Error", ""});
    bench.ca.instead("alternate", {"200 OK", "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"});
    for (int i = 1; i <= 3; ++i) {
      bench.ca.add_header("certificate", "Link: </alternate/" + std::to_string(i) + ">; rel=\"alternate\"");
    }
    CHECK(topmost("Root Two") == "Root Two");
    CHECK(bench.ca.count("alternate") == 4);
  }
  WHEN("no alternate can be had") {
    bench.ca.instead("alternate", {"404 Not Found", "gone"});
    CHECK(topmost("Root Two") == "Root One");
    CHECK_FALSE(is_offered);
  }
  WHEN("the fingerprint of an intermediate is preferred") {
    const auto intermediate = crypto::parse_chain(test::chain_of_root_two).at(1);
    CHECK(topmost("sha256:" + intermediate.fingerprint()) == "Root Two");
  }
  WHEN("an intermediate is preferred that all have") {
    CHECK(topmost("Inter") == "Root One");
  }
  WHEN("one is preferred that the first chain goes through and another ends at") {
    // As with a root that another one has cross-signed: the shorter chain ends at it.
    bench.ca.set_pem("alternate", test::leaf);
    CHECK(topmost("Inter") == "Inter");
  }
  WHEN("one is preferred that nobody offers") {
    const auto download = bench.run(bench.client.certificate(bench.ca.url("certificate/0"), "Root Three"));
    CHECK(download.chain.back().issuer_common_name() == "Root One");
    CHECK(download.offered == "\"Inter\" from \"Root One\", \"Inter\" from \"Root Two\"");
  }
}

SCENARIO("a private key that is smuggled into a chain is refused") {
  Bench bench;
  bench.register_account();
  bench.ca.set_pem("certificate", test::chain_of_root_one + bench.key.to_pem().reveal());
  CHECK_THROWS_AS(bench.run(bench.client.certificate(bench.ca.url("certificate/0"), "")), acme::AnswerError);
}

SCENARIO("a chain of more than any TLS client takes is refused") {
  Bench bench;
  bench.register_account();
  const auto download = [&] {
    return bench.run(bench.client.certificate(bench.ca.url("certificate/0"), "")).chain.size();
  };
  std::string chain;
  for (int i = 0; i < 10; ++i) chain += test::leaf;
  bench.ca.set_pem("certificate", chain);
  CHECK(download() == 10);
  WHEN("there is one certificate more") {
    bench.ca.set_pem("certificate", chain + test::leaf);
    CHECK_THROWS_WITH(download(), Catch::Contains("11 certificates, more than 10"));
  }
  WHEN("it is padded") {
    bench.ca.set_pem("certificate", chain + std::string(64 * 1024, ' '));
    CHECK_THROWS_WITH(download(), Catch::Contains("octets, more than 65536"));
  }
}

SCENARIO("what one of the CA's servers does not have yet is looked at again before it counts as gone") {
  Bench bench;
  bench.register_account();
  const auto order = bench.run(bench.client.new_order({"a.example"}, std::nullopt));
  bench.ca.forget_seen();
  WHEN("it comes") {
    bench.ca.instead("order", {"404 Not Found", ""});
    for (int i = 0; i < 4; ++i) bench.ca.instead("authorization", {"404 Not Found", ""});
    CHECK(bench.run(bench.client.order(order.url)).status == OrderStatus::pending);
    CHECK(bench.run(bench.client.authorization(order.authorizations.front())).identifier == "a.example");
  }
  WHEN("it does not") {
    for (int i = 0; i < 20; ++i) bench.ca.instead("order", {"404 Not Found", ""});
    const auto error = test::failure_of<acme::AnswerError>(bench.loop, bench.client.order(order.url));
    CHECK(acme::verdict_on(error) == acme::Verdict::gone);
    CHECK(bench.ca.count("order") == 3);
  }
  WHEN("it is something else that is wrong") {
    bench.ca.instead("order", {"500 Internal Server Error", ""});
    CHECK_THROWS_AS(bench.run(bench.client.order(order.url)), acme::AnswerError);
    CHECK(bench.ca.count("order") == 1);
  }
}

SCENARIO("a finalized order is polled until it names its certificate") {
  Bench bench;
  bench.register_account();
  WHEN("its servers learn of it one after another") {
    for (const std::string status : {"ready", "processing", "pending", "valid"}) {
      bench.ca.instead("order", {"200 OK", R"({"status":")" + status + R"("})"});
    }
    bench.ca.instead("order", {"200 OK", R"({"status":"valid","certificate":"https://x/c"})"});
    CHECK(bench.run(bench.client.order_ends(ready_order(bench), 5min)).certificate == "https://x/c");
    CHECK(bench.ca.count("order") == 5);
  }
  WHEN("it is invalid") {
    bench.ca.instead("order", {"200 OK", R"({"status":"invalid"})"});
    CHECK(bench.run(bench.client.order_ends(ready_order(bench), 5min)).status == OrderStatus::invalid);
  }
  WHEN("they never do") {
    for (int i = 0; i < 20; ++i) bench.ca.instead("order", {"200 OK", R"({"status":"ready"})"});
    const auto error =
        test::failure_of<acme::AnswerError>(bench.loop, bench.client.order_ends(ready_order(bench), 5min));
    CHECK(acme::verdict_on(error) == acme::Verdict::unusable);
    CHECK(bench.ca.count("order") == 5);
  }
}
