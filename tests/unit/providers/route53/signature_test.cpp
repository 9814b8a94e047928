// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/signature.h"

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::providers::route53;
using Catch::Contains;
using Catch::EndsWith;
using namespace std::chrono_literals;

namespace {

const Time time_of_suite = std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) + 12h + 36min;
const Credentials example{"AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Secret(), std::nullopt,
                          ""};
const std::string form = "application/x-www-form-urlencoded; charset=utf-8";

std::string hash_of(const std::string& text) {
  return crypto::hex(crypto::sha256(text));
}

std::string header(const Call& call, const std::string& name) {
  for (const auto& [key, value] : call.headers) {
    if (key == name) return value;
  }
  return {};
}

Call signed_by(const Credentials& by, Call call, const std::string& service) {
  sign(call, by, {"us-east-1", service}, time_of_suite);
  return call;
}

std::string signature_of(const Call& call) {
  const auto authorization = header(call, "authorization");
  return authorization.substr(authorization.find("Signature=") + 10);
}

/// As it is hashed: with the time, without the signature.
std::string canonical(Call call) {
  call.headers.emplace_back("x-amz-date", "20150830T123600Z");
  return canonical_request(call);
}

}  // namespace

SCENARIO("signatures are those of AWS' own test suite") {
  const Call get{"GET", "/", {}, {{"host", "example.amazonaws.com"}}};
  CHECK(hash_of(canonical(get)) == "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
  const auto signed_get = signed_by(example, get, "service");
  CHECK(header(signed_get, "x-amz-date") == "20150830T123600Z");
  CHECK(header(signed_get, "authorization") ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");

  Call post = get;
  post.method = "POST";
  CHECK(signature_of(signed_by(example, post, "service")) ==
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");

  const Call iam{"GET",
                 "/",
                 {{"Action", "ListUsers"}, {"Version", "2010-05-08"}},
                 {{"host", "iam.amazonaws.com"}, {"content-type", form}}};
  CHECK(hash_of(canonical(iam)) == "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
  CHECK(signature_of(signed_by(example, iam, "iam")) ==
        "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");

  const Call sorted{"GET", "/", {{"Param2", "value2"}, {"Param1", "value1"}}, {{"host", "example.amazonaws.com"}}};
  CHECK(signature_of(signed_by(example, sorted, "service")).substr(0, 20) == "b97d918cfa904a5beff6");
}

SCENARIO("a change of Route 53 is signed as it ought to be") {
  const Call change{"POST",
                    "/2013-04-01/hostedzone/Z111/rrset",
                    {},
                    {{"content-type", "application/xml"}, {"host", "route53.amazonaws.com"}},
                    R"(<?xml version="1.0" encoding="UTF-8"?><ChangeResourceRecordSetsRequest )"
                    R"(xmlns="https://route53.amazonaws.com/doc/2013-04-01/"/>)"};
  REQUIRE(change.body.size() == 126);
  CHECK(hash_of(change.body) == "a5049f075c33320f0fa699f38f1dc2d1f5bcbb3e0469d980b7128a82ee380269");
  CHECK(hash_of(canonical(change)) == "e7379f04108082e0f1d47c0a28b28cbf4252db7be2df1d7d2530e33c3d8e767e");
  CHECK(signature_of(signed_by(example, change, "route53")) ==
        "7badc79f92baf8afba7cb31bb2024f8d87f159f9775672ffce0ddb3a42be1362");
}

SCENARIO("keys that sign are made for a day, a region and a service") {
  const auto key = [](const std::string& service) {
    return crypto::hex(signing_key(example.secret_key, "20150830", {"us-east-1", service}));
  };
  CHECK(key("service") == "938127b5336810ddb6a5d6af445fcac9e371f9ed418ed386b022aed82901be75");
  CHECK(key("iam") == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
  CHECK(key("route53") == "21210f8f2475c398f12e1c52c3eb8e79780bcdf98b678165f9ad1118cc8770e4");
}

SCENARIO("what is signed is written in one way only") {
  WHEN("the query has characters of its own") {
    CHECK(query_text({{"name", "a b/\u00e9"}, {"empty", ""}, {"name", "A~_.-"}}) ==
          "empty=&name=A~_.-&name=a%20b%2F%C3%A9");
  }
  WHEN("the path has") {
    CHECK_THAT(canonical({"GET", "/a%20b/~c", {}, {{"host", "h"}}}), Catch::StartsWith("GET\n/a%2520b/~c\n"));
    CHECK_THAT(canonical({"GET", "", {}, {{"host", "h"}}}), Catch::StartsWith("GET\n/\n"));
  }
  WHEN("a header has many blanks") {
    CHECK_THAT(canonical({"GET", "/", {}, {{"x-b", "  a \t b  "}, {"host", "h"}}}),
               Contains("\nhost:h\nx-amz-date:20150830T123600Z\nx-b:a b\n\nhost;x-amz-date;x-b\n"));
  }
  WHEN("there is no body") {
    CHECK_THAT(canonical({"GET", "/", {}, {{"host", "h"}}}),
               EndsWith("\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  }
}

SCENARIO("the token of a session is sent and signed") {
  auto session = example;
  session.session_token = Secret("token");
  const auto call = signed_by(session, {"GET", "/", {}, {{"host", "example.amazonaws.com"}}}, "service");
  CHECK(header(call, "x-amz-security-token") == "token");
  CHECK_THAT(header(call, "authorization"), Contains("SignedHeaders=host;x-amz-date;x-amz-security-token, "));
}
