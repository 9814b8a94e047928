// SPDX-License-Identifier: Apache-2.0
#include "daemon/acme/problem.h"

#include "base/foreign_text.h"
#include "tests/unit/catch.h"

using namespace acmed;
using acme::Problem;
using acme::ProblemError;

namespace {

Problem parsed(const std::string& text) {
  return Problem::from_json(json::parse(text).value());
}

Error::Advice advice(const std::string& type, int status = 400) {
  Problem problem;
  problem.type = type;
  problem.status = status;
  return ProblemError("order a certificate", problem, std::nullopt).advice();
}

}  // namespace

SCENARIO("a problem is read whole and written back the same") {
  const auto problem = parsed(R"({
    "type": "urn:ietf:params:acme:error:compound", "detail": "two names are bad", "status": 403, "instance": "https://x/1",
    "subproblems": [
      {"type": "urn:ietf:params:acme:error:caa", "detail": "forbidden", "identifier": {"type": "dns", "value": "a.example"}},
      {"type": "urn:ietf:params:acme:error:dns", "detail": "SERVFAIL", "identifier": {"type": "dns", "value": "b.example"},
       "subproblems": [{"type": "malformed"}]}]})");
  CHECK(problem.type == "compound");
  CHECK(problem.status == 403);
  REQUIRE(problem.subproblems.size() == 2);
  CHECK(problem.subproblems[1].subproblems.empty());
  CHECK(problem.text() == "compound: two names are bad [a.example: caa: forbidden] [b.example: dns: SERVFAIL]");
  CHECK(Problem::from_json(problem.to_json()).to_json() == problem.to_json());
}

SCENARIO("a problem with members of the wrong type is read as far as it goes") {
  const auto problem = parsed(R"({"type": 7, "detail": ["x"], "status": "403", "subproblems": {"a": 1}})");
  CHECK(problem.type == "about:blank");
  CHECK(problem.detail.empty());
  CHECK(problem.status == 0);
  CHECK(problem.subproblems.empty());
}

SCENARIO("what a CA writes cannot harm a log or a terminal") {
  CHECK(one_line("a\r\nb\x1b[31m\x07 c\n", 100) == "a b [31m c");
  CHECK(one_line("\u00fcber \u202eevil\u2028", 100) == "\u00fcber evil");
  CHECK(one_line("bad \xff\xc0\xaf octets", 100) == "bad ??? octets");
  CHECK(one_line("12345", 3) == "123...");
  CHECK(one_line("aa\u00fc", 3) == "aa...");
  const auto problem = parsed(R"({"type": "x\ny", "detail": ")" + std::string(100000, 'z') + R"("})");
  CHECK(problem.type == "x y");
  CHECK(problem.detail.size() < 2000);
}

SCENARIO("a problem's type says what can be done about it") {
  for (const auto* type : {"caa", "rejectedIdentifier", "unsupportedIdentifier", "badCSR", "userActionRequired",
                           "externalAccountRequired", "invalidContact", "accountDoesNotExist", "badPublicKey",
                           "badSignatureAlgorithm", "invalidProfile", "malformed"}) {
    INFO(type);
    CHECK(advice(type) == Error::Advice::refused);
  }
  for (const auto* type : {"serverInternal", "connection", "badNonce", "dns", "unauthorized", "incorrectResponse",
                           "tls", "orderNotReady", "neverHeardOf"}) {
    INFO(type);
    CHECK(advice(type) == Error::Advice::retry);
  }
  CHECK(advice("rateLimited", 400) == Error::Advice::throttled);
  CHECK(advice("neverHeardOf", 429) == Error::Advice::throttled);
}

SCENARIO("the sentence of a problem says what was attempted, what the CA said and what to do") {
  Problem problem;
  problem.type = "userActionRequired";
  problem.detail = "terms have changed";
  problem.instance = "https://ca.example/terms";
  const ProblemError error("order a certificate at ca.example", problem, std::nullopt);
  CHECK(error.what() == std::string("cannot order a certificate at ca.example: userActionRequired: terms have changed; "
                                    "visit https://ca.example/terms and do what the CA wants there: acmed then goes on "
                                    "by itself. By terms_agreed in its [ca] section you have agreed to its terms; take "
                                    "it out if you do not agree to those that are there now"));
  CHECK(error.cause() == "acme:userActionRequired");
}
