// SPDX-License-Identifier: Apache-2.0
// What AWS has against a call, and what becomes of it.
#include "base/http/client.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/route53/scene.h"

using namespace acmed;
using namespace acmed::providers;
using namespace acmed::providers::route53;
using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;

namespace {

std::string outcome_of_change(Scene& scene, std::deque<FakeRoute53::Answer> answers) {
  scene.aws.answers["ChangeResourceRecordSets"] = std::move(answers);
  const auto provider = scene.make_provider();
  return scene.outcome(provider->apply(example_zone, {addition(challenge, "one")}));
}

std::deque<FakeRoute53::Answer> often(const FakeRoute53::Answer& answer) {
  return std::deque<FakeRoute53::Answer>(1000, answer);
}

const FakeRoute53::Answer throttling = aws_error(400, "Throttling", "Rate exceeded");
const std::string who = "the credentials of the configuration (access key AKIDEXAMPLE)";

}  // namespace

SCENARIO("each refusal of AWS is a sentence that says what to mend") {
  Scene scene;
  scene.settings.key->session_token = Secret("secret-token");
  struct Case {
    FakeRoute53::Answer answer;
    std::string expected;  ///< what it begins with
    std::string part;
  };
  const Case cases[] = {
      {aws_error(403, "AccessDenied", "User: arn:aws:iam::1:user/x is not authorized\r\n\x1b[31m"),
       "refused aws:AccessDenied cannot change zone example.test (Z1): " + who +
           " may not do so: allow route53:ChangeResourceRecordSets on arn:aws:route53:::hostedzone/Z1 in their IAM "
           "policy",
       "(AWS says: User: arn:aws:iam::1:user/x is not authorized [31m)"},
      {aws_error(403, "InvalidClientTokenId", "The security token included in the request is invalid."),
       "refused aws:InvalidClientTokenId cannot change zone example.test (Z1): AWS does not know " + who,
       "deleted or deactivated"},
      {aws_error(403, "SignatureDoesNotMatch", "The Canonical String is x-amz-security-token:secret-token"),
       "refused aws:SignatureDoesNotMatch cannot change zone example.test (Z1): the secret access key "
       "does not "
       "belong to " +
           who,
       "look at whether it is whole"},
      {aws_error(403, "SignatureDoesNotMatch",
                 "Credential should be scoped to a valid region, not 'eu-central-1'. \nThe header was secret-token"),
       "refused aws:SignatureDoesNotMatch cannot change zone example.test (Z1): AWS wants the request signed for "
       "another region or service than it is: look at region, url and sts_url",
       "(AWS says: Credential should be scoped to a valid region, not 'eu-central-1')"},
      {aws_error(403, "IncompleteSignature",
                 "'AKIA/x' not a valid key=value pair (missing equal-sign) in Authorization header: 'secret-token'."),
       "refused aws:IncompleteSignature cannot change zone example.test (Z1): AWS cannot read the signature that " +
           who + " made",
       "(AWS says: not a valid key=value pair (missing equal-sign) in Authorization header)"},
      {aws_error(403, "ExpiredToken", "The security token included in the request is expired"),
       "refused aws:ExpiredToken cannot change zone example.test (Z1): the token of " + who + " has expired",
       "renew it"},
      {aws_error(404, "NoSuchHostedZone", "No hosted zone found with ID: Z1"),
       "refused zone:gone cannot change zone example.test (Z1): there is no such hosted zone", "`hosted_zone_id`"},
      {aws_error(400, "InvalidChangeBatch", "[Number of records limit of 1000 exceeded.]"),
       "refused aws:InvalidChangeBatch Route 53 refuses to change TXT at _acme-challenge.example.test in "
       "zone "
       "example.test (Z1): ",
       "[Number of records limit of 1000 exceeded.]"},
      {{400,
        "<?xml version=\"1.0\"?><InvalidChangeBatch "
        "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Messages><Message>"
        "one</Message><Message>two</Message></Messages><RequestId>1</RequestId></InvalidChangeBatch>",
        {}},
       "refused aws:InvalidChangeBatch",
       "one two"},
      {aws_error(400, "InvalidInput", "the input is not valid"), "refused aws:InvalidInput", "AWS says: the input"},
      {aws_error(400, "ValidationError", "Value 'secret-token' at 'webIdentityToken' failed"),
       "refused aws:ValidationError", "AWS refuses it with ValidationError"},
      {aws_error(400, "<b>not a code", "x"), "retry http:400", "what answers is not AWS"},
      {{200, "<html><body>It works!</body></html>", {}},
       "retry aws:answer",
       "HTTP status 200, \"<html><body>It works!"},
      {{403, "<!DOCTYPE html><p>Blocked", {}}, "retry http:403", "Blocked"},
      {aws_error(403, "AccessDenied", "the header was secret-token"), "refused aws:AccessDenied", "the header was ***"},
      {{403, "<p>Blocked: secret-token", {}}, "retry http:403", "Blocked: ***"},
      {{200, {}, {}}, "retry aws:answer", "what answers is not AWS"},
      {{302, {}, "Location: http://elsewhere/\r\n"}, "retry http:302", "what answers is not AWS"},
  };
  for (const auto& [answer, expected, part] : cases) {
    INFO(answer.body);
    const auto outcome = outcome_of_change(scene, {answer});
    CHECK_THAT(outcome, StartsWith(expected) && Contains(part));
    CHECK_THAT(outcome, !Contains("secret-"));
  }
  CHECK(scene.aws.values_at(challenge).empty());
  WHEN("nobody listens there") {
    {
      const test::FakeHttp gone([](const auto&) { return FakeRoute53::Answer(); });
      scene.settings.url = gone.url();
    }
    CHECK_THAT(outcome_of_change(scene, {}), StartsWith("retry curl:7 cannot connect to 127.0.0.1"));
  }
  WHEN("the zones may not be listed") {
    scene.aws.answers["ListHostedZonesByName"] = {aws_error(403, "AccessDenied", "no")};
    const auto provider = scene.make_provider();
    CHECK_THAT(scene.outcome(provider->zone_of(challenge)),
               Contains("allow route53:ListHostedZonesByName on * in their IAM policy, or give `hosted_zone_id`"));
  }
  WHEN("the records may not be read, in a partition of its own") {
    scene.settings.partition = "aws-cn";
    scene.aws.answers["ListResourceRecordSets"] = {aws_error(403, "AccessDenied", "no")};
    CHECK_THAT(outcome_of_change(scene, {}),
               Contains("allow route53:ListResourceRecordSets on arn:aws-cn:route53:::hostedzone/Z1"));
  }
}

SCENARIO("a clock that is off is told as such, in seconds") {
  Scene scene;
  const auto refused = [](const char* code, const char* date) {
    return aws_error(403, code, "secret-token", fmt::format("Date: {}\r\n", date));
  };
  CHECK_THAT(outcome_of_change(scene, {refused("SignatureDoesNotMatch", "Sun, 22 Nov 2026 00:16:40 GMT")}),
             StartsWith("retry aws:SignatureDoesNotMatch cannot change zone example.test (Z1): this host's clock "
                        "is 1000 s behind that of AWS") &&
                 !Contains("secret-"));
  CHECK_THAT(outcome_of_change(scene, {refused("RequestTimeTooSkewed", "Sat, 21 Nov 2026 23:50:00 GMT")}),
             Contains("clock is 600 s ahead of that of AWS"));
  CHECK_THAT(outcome_of_change(scene, {refused("SignatureDoesNotMatch", "Sun, 22 Nov 2026 00:00:30 GMT")}),
             StartsWith("refused") && Contains("the secret access key does not belong to"));
}

SCENARIO("what AWS is too busy for is asked for again, for a while") {
  Scene scene;
  WHEN("it is so once or twice") {
    const auto busy = aws_error(400, "PriorRequestNotComplete", "The request was rejected");
    CHECK(outcome_of_change(scene, {throttling, busy, {503, "<html>", {}}, aws_error(500, "InternalError", "x")}) ==
          "made");
    CHECK(scene.aws.count("ChangeResourceRecordSets") == 5);
    CHECK(scene.aws.count("ListResourceRecordSets") == 1);
    CHECK(scene.passed() > 1s);
  }
  WHEN("the connection is cut once or twice") {
    CHECK(outcome_of_change(scene, {{0, {}, {}}, {0, {}, {}}}) == "made");
    CHECK(scene.aws.count("ChangeResourceRecordSets") == 3);
  }
  WHEN("it stays so") {
    CHECK_THAT(outcome_of_change(scene, often(throttling)),
               StartsWith("throttled aws:Throttling cannot change zone example.test (Z1): AWS wants fewer calls"));
    CHECK(scene.passed() > 10s);
    CHECK(scene.passed() <= 20s);
    CHECK(scene.aws.count("ChangeResourceRecordSets") < 16);
  }
  WHEN("an earlier change does not come to an end") {
    CHECK_THAT(outcome_of_change(scene, often(aws_error(400, "PriorRequestNotComplete", "still processing"))),
               StartsWith("retry aws:PriorRequestNotComplete"));
  }
  WHEN("it is in trouble") {
    CHECK_THAT(outcome_of_change(scene, often({502, "<html>Bad gateway", {}})),
               StartsWith("retry http:502 cannot change zone example.test (Z1): AWS is in trouble"));
  }
  WHEN("it is throttled by another word for it") {
    CHECK_THAT(outcome_of_change(scene, often({429, {}, {}})), StartsWith("throttled http:429"));
  }
}

SCENARIO("no more calls are made than an account may make") {
  Scene scene;
  const auto provider = scene.make_provider();
  for (int i = 0; i < 15; ++i)
    CHECK(scene.outcome(provider->apply(example_zone, {addition(name_at(i), "x")})) == "made");
  CHECK(scene.aws.requests().size() == 30);
  CHECK(scene.passed() >= 4900ms);  // five at once, the other 25 at five a second
  CHECK(scene.passed() < 6s);
}
