// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/resources.h"

#include "daemon/acme/answer.h"

#include "tests/unit/catch.h"

using namespace acmed;
using acme::Authorization;
using acme::AuthorizationStatus;
using acme::Directory;
using acme::Order;
using acme::OrderStatus;

namespace {

json::Value parsed(const std::string& text) {
  return json::parse(text).value();
}

const std::string directory_url = "https://ca.example/acme/directory";
const std::string directory_text = R"({
  "newNonce": "https://ca.example/n", "newAccount": "https://ca.example/a", "newOrder": "https://ca.example/o",
  "revokeCert": "https://ca.example/r", "keyChange": "https://ca.example/k", "renewalInfo": "https://ca.example/i",
  "x7Hq": "https://community.example/why-is-this-here",
  "meta": {"termsOfService": "https://ca.example/terms", "externalAccountRequired": true,
           "profiles": {"classic": "as ever", "shortlived": "six days"}, "accountHashPrefix": "acme://ca.example/",
           "issuerDomainNames": ["ca.example", "a b", "other.example"],
           "unknown": []}})";

}  // namespace

SCENARIO("a directory is kept on disk as the CA sent it") {
  const auto directory = Directory::from_json(parsed(directory_text), directory_url);
  CHECK(directory.new_order == "https://ca.example/o");
  CHECK(directory.renewal_info == "https://ca.example/i");
  CHECK(directory.external_account_required);
  CHECK(directory.profiles.at("shortlived") == "six days");
  CHECK(directory.account_hash_prefix == "acme://ca.example/");
  CHECK(directory.issuer_names == std::vector<std::string>{"ca.example", "other.example"});
  CHECK(Directory::from_json(directory.to_json(), directory_url) == directory);
}

SCENARIO("a directory keeps so many profiles as anybody could choose from") {
  json::Object profiles{{std::string(101, 'x'), "a name that nobody types"}};
  for (int i = 0; i < 1000; ++i) profiles["p" + std::to_string(i)] = std::string(10000, 'd') + "\x1b[31m";
  auto members = *parsed(directory_text).as_object();
  members["meta"] = json::Object{{"profiles", std::move(profiles)}};
  const auto directory = Directory::from_json(members, directory_url);
  CHECK(directory.profiles.size() == 50);
  CHECK(json::dump(directory.to_json()).size() < 50 * 1024);
}

SCENARIO("what is no ACME directory is refused") {
  CHECK_THROWS_AS(Directory::from_json(parsed("{}"), directory_url), Error);
  CHECK_THROWS_AS(Directory::from_json(parsed("[]"), directory_url), Error);
  CHECK_THROWS_WITH(Directory::from_json(parsed(R"({"newNonce": "http://ca.example/n"})"), directory_url),
                    "the CA's directory has \"http://ca.example/n\" for newNonce, and not an https URL: look whether "
                    "`directory` in the [ca] section is that of an ACME server (RFC 8555)");
}

SCENARIO("what a CA sends as a URL is resolved against the URL that was requested") {
  const auto directory =
      Directory::from_json(parsed(R"({"newNonce": "/n", "newAccount": "a", "newOrder": "../o?x=1"})"), directory_url);
  CHECK(directory.new_nonce == "https://ca.example/n");
  CHECK(directory.new_account == "https://ca.example/acme/a");
  CHECK(directory.new_order == "https://ca.example/o?x=1");
  CHECK(directory.renewal_info.empty());
  const auto order = Order::from_json(parsed(R"({"status": "valid", "authorizations": ["//ca.example/z/1"],
    "finalize": "?f", "certificate": "https://ca.example:8443/C/../1"})"),
                                      "https://ca.example/o/1");
  CHECK(order.authorizations == std::vector<std::string>{"https://ca.example/z/1"});
  CHECK(order.finalize == "https://ca.example/o/1?f");
  CHECK(order.certificate == "https://ca.example:8443/C/../1");  // byte for byte
  const auto authorization = Authorization::from_json(
      parsed(R"({"status": "pending", "challenges": [{"type": "dns-01", "url": "/c/1", "token": "abc"}]})"),
      "https://ca.example/z/1");
  REQUIRE(authorization.challenge("dns-01"));
  CHECK(authorization.challenge("dns-01")->url == "https://ca.example/c/1");
}

SCENARIO("a challenge of dns-persist-01 has no token, and so many issuers as the draft allows") {
  const auto challenge_with = [](const std::string& members) {
    const auto text = R"({"status": "pending", "expires": "2027-01-01T00:00:00Z",
      "challenges": [{"type": "dns-persist-01", "url": "/c/1", )" +
                      members + "}]}";
    const auto authorization = Authorization::from_json(parsed(text), "https://ca.example/z/1");
    CHECK(authorization.expires);
    const auto* challenge = authorization.challenge("dns-persist-01");
    return challenge == nullptr ? std::nullopt : std::optional(*challenge);
  };
  const auto former = challenge_with(R"("issuer-domain-names": ["ca.example", "other.example"])");
  REQUIRE(former);
  CHECK(former->issuer_names == std::vector<std::string>{"ca.example", "other.example"});
  CHECK_FALSE(former->names_account_by_digest);
  const auto latest = challenge_with(R"("issuerDomainNames": ["ca.example"])");
  REQUIRE(latest);
  CHECK(latest->names_account_by_digest);
  for (const auto* refused : {R"("issuer-domain-names": [])", R"("token": "x")", R"("issuerDomainNames": ["a b"])",
                              R"("issuerDomainNames": ["a;b"])", R"("issuerDomainNames": [""])"}) {
    CHECK_FALSE(challenge_with(refused));
  }
  std::string many = R"("issuerDomainNames": ["a.example")";
  for (int i = 0; i < 10; ++i) many += R"(, "a.example")";
  CHECK_FALSE(challenge_with(many + "]"));
}

SCENARIO("an order has no more authorizations than names") {
  const auto order_with = [](int authorizations, const std::string& identifiers) {
    json::Array urls;
    for (int i = 0; i < authorizations; ++i) urls.push_back("https://ca.example/z/" + std::to_string(i));
    auto body = parsed(R"({"status": "pending", "identifiers": [)" + identifiers + "]}");
    auto members = *body.as_object();
    members["authorizations"] = std::move(urls);
    return Order::from_json(members, "https://ca.example/o/1").authorizations.size();
  };
  const std::string name = R"({"type": "dns", "value": "a.example"})";
  CHECK(order_with(1, name) == 1);
  CHECK(order_with(1, name + "," + name) == 1);
  CHECK_THROWS_WITH(order_with(2, name), "the CA sent an order with 2 authorizations for 1 names");
  CHECK(order_with(100, "") == 100);
  CHECK_THROWS_AS(order_with(101, ""), acme::AnswerError);
}

SCENARIO("an order may lack everything but its status") {
  const auto order = Order::from_json(parsed(R"({"status": "processing"})"), "https://ca.example/o/1");
  CHECK(order.url == "https://ca.example/o/1");
  CHECK(order.status == OrderStatus::processing);
  CHECK(order.authorizations.empty());
  CHECK_FALSE(order.expires);
  CHECK_THROWS_AS(Order::from_json(parsed(R"({"status": "nearly"})"), ""), acme::AnswerError);
  CHECK_THROWS_AS(Order::from_json(parsed("{}"), ""), acme::AnswerError);
}

SCENARIO("an order's names are compared in lower case, and its error is kept") {
  const auto order = Order::from_json(parsed(R"({"status": "invalid", "expires": "2026-11-22T10:00:00.5Z",
    "identifiers": [{"type": "dns", "value": "*.EXAMPLE.com"}, {"type": "ip", "value": "192.0.2.1"}, 7],
    "error": {"type": "urn:ietf:params:acme:error:caa", "detail": "no"}})"),
                                      "");
  CHECK(order.identifiers == std::vector<std::string>{"*.example.com"});
  CHECK(order.expires);
  REQUIRE(order.error);
  CHECK(order.error->text() == "caa: no");
}

SCENARIO("challenges of types that we do not know do no harm") {
  const auto authorization = Authorization::from_json(parsed(R"({
    "status": "pending", "identifier": {"type": "dns", "value": "Example.com"}, "wildcard": true,
    "challenges": [
      {"type": "dns-persist-01", "url": "https://ca.example/c/1", "status": "pending", "issuer-domain-names": ["ca.example"]},
      {"type": "odd-01", "url": "https://ca.example/c/2", "status": {"a": 1}, "token": 17, "error": "x"},
      {"type": "urlless-01", "token": "abc"},
      "not even an object",
      {"type": "dns-01", "url": "https://ca.example/c/3", "status": "pending", "token": "LoqXcYV8_-0"}]})"),
                                                      "https://ca.example/z/1");
  CHECK(authorization.identifier == "example.com");
  CHECK(authorization.wildcard);
  CHECK(authorization.challenges.size() == 3);
  REQUIRE(authorization.challenge("dns-01"));
  CHECK(authorization.challenge("dns-01")->token == "LoqXcYV8_-0");
  CHECK(authorization.challenge("dns-persist-01")->token.empty());
  CHECK(authorization.challenge("http-01") == nullptr);
}

SCENARIO("an authorization that is in processing, as before the RFC, is pending") {
  const auto authorization = Authorization::from_json(
      parsed(R"({"status": "processing", "identifier": {"type": "dns", "value": "a.example"}})"),
      "https://ca.example/z/1");
  CHECK(authorization.status == AuthorizationStatus::pending);
}

SCENARIO("a token that is not base64url is never signed or published") {
  for (const auto* token : {"", "a b", "a/../b", "a.b", "abc=", "a\\nb"}) {
    INFO(token);
    const auto authorization = Authorization::from_json(
        parsed(std::string(R"({"status": "pending", "challenges": [{"type": "dns-01", "url": "https://ca.example/c",
          "token": ")") +
               token + R"("}]})"),
        "");
    CHECK(authorization.challenge("dns-01") == nullptr);
  }
}
