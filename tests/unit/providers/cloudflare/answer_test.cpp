// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/answer.h"

#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::providers;
using cloudflare::Answer;
using cloudflare::read_answer;

namespace {

std::optional<Answer> read(int status, const std::string& body) {
  http::Response response;
  response.status = status;
  response.body = body;
  return read_answer(response, ForeignWords({Secret("cfTOKEN-abc/def+ghi_0123456789")}));
}

}  // namespace

SCENARIO("the envelope of an answer is opened") {
  const auto answer = read(200, R"({"success":true,"errors":[],"messages":[],"result":[{"id":"x"}],
    "result_info":{"page":1,"per_page":50,"count":1,"total_count":151,"total_pages":4}})");
  REQUIRE(answer);
  CHECK(answer->success);
  CHECK(answer->result.elements().size() == 1);
  CHECK(answer->pages == 4);
  CHECK(read(200, R"({"success":true})")->pages == 1);
  CHECK(read(200, R"({"success":true,"result":null,"result_info":null})")->success);
}

SCENARIO("a refusal tells its codes and words") {
  const auto answer = read(400, R"({"success":false,"result":null,"errors":[
    {"code":6003,"message":"Invalid request headers","error_chain":[{"code":6111,"message":"Invalid format."}]},
    {"code":1004,"message":"DNS Validation Error"}]})");
  REQUIRE(answer);
  CHECK_FALSE(answer->success);
  CHECK(answer->cause() == "cloudflare:6003");
  CHECK(answer->words() == "6003: Invalid request headers; 6111: Invalid format; 1004: DNS Validation Error");
  CHECK(answer->has({1, 6111}));
  CHECK_FALSE(answer->has({1, 2}));

  THEN("it is one, whatever the status or the body says") {
    CHECK_FALSE(read(403, R"({"success":true,"errors":[]})")->success);
    CHECK_FALSE(read(200, R"({"success":false,"errors":[]})")->success);
  }
  THEN("one without a code or a word is named by its status") {
    CHECK(read(403, R"({"success":false})")->cause() == "http:403");
    CHECK(read(403, R"({"success":false})")->words() == "status 403 without a word");
    CHECK(read(403, R"({"success":false,"errors":[{"code":0,"message":"x"}]})")->cause() == "http:403");
    CHECK(read(403, R"({"success":false,"errors":"no","result_info":7})")->words() == "status 403 without a word");
  }
}

SCENARIO("what Cloudflare says is cleaned and bounded") {
  const auto red = read(400, R"({"success":false,"errors":[{"code":1,"message":"a\u001b[31m\nb\u202ec"}]})");
  CHECK(red->words() == "1: a [31m b c");
  auto large = R"({"success":false,"errors":[{"code":1,"message":")" + std::string(9999, 'x') + R"("})";
  for (int i = 0; i < 1000; ++i) large += R"(,{"code":2,"message":"yyyyyyyyyyyyyyyyyyyy"})";
  large += "]}";
  CHECK(read(400, large)->errors.size() == 8);
  CHECK(read(400, large)->words().size() < 450);
  std::string deep = R"({"success":false,"errors":[)";
  for (int i = 0; i < 12; ++i) deep += R"({"code":1,"message":"x","error_chain":[)";
  for (int i = 0; i < 12; ++i) deep += "]}";
  CHECK(read(400, deep + "]}")->errors.size() == 4);
}

SCENARIO("a token that Cloudflare repeats is struck out of its words") {
  const auto answer = read(400, R"({"success":false,"errors":[{"code":6003,"message":"Invalid request headers",
    "error_chain":[{"code":6111,"message":"raw=Bearer cfTOKEN-abc/def+ghi_0123456789; again"}]}]})");
  CHECK(answer->words() == "6003: Invalid request headers; 6111: raw=Bearer ***; again");
  // A cut in its middle would leave its first half.
  const auto cut = read(400, R"({"success":false,"errors":[{"code":1,"message":")" + std::string(150, 'x') +
                                 R"(cfTOKEN-abc/def+ghi_0123456789"}]})");
  CHECK_THAT(cut->words(), !Catch::Contains("cfTOKEN"));
}

SCENARIO("what has no envelope is no answer of the API") {
  for (const auto* body : {"", "<html>", "[]", "{}", "null", R"({"success":"true"})", R"({"success":true)", "\"x\""}) {
    INFO(body);
    CHECK_FALSE(read(200, body));
  }
}
