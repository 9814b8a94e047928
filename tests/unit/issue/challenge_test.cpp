// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/challenge.h"

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "tests/unit/catch.h"

namespace acmed::issue {

using enum config::ChallengeType;

SCENARIO("a challenge is answered by the digest of its key authorization, below the name's label") {
  const auto challenge = Challenge::of_token(dns_01, "a.example.test", "token.thumbprint", "https://ca.test/1");
  CHECK(challenge.name == dns::Name("_acme-challenge.a.example.test"));
  CHECK(challenge.value == crypto::base64url(crypto::sha256("token.thumbprint")));
  REQUIRE(challenge.origin);
  CHECK(challenge.origin->domain == "a.example.test");
  CHECK_FALSE(challenge.stays());
}

SCENARIO("each account has a name of its own for dns-account-01") {
  const auto one = Challenge::of_token(dns_account_01, "example.com", "token.thumbprint",
                                       "https://example.com/acme/acct/ExampleAccount");
  CHECK(one.name == dns::Name("_ujmmovf2vn55tgye._acme-challenge.example.com"));
  CHECK(one.value == crypto::base64url(crypto::sha256("token.thumbprint")));
}

SCENARIO("the record of dns-persist-01 is one that stays") {
  const auto record = Challenge::of_record("example.com", "ca.test; accounturi=https://ca.test/1");
  CHECK(record.name == dns::Name("_validation-persist.example.com"));
  CHECK(record.stays());
  CHECK_FALSE(record.origin);
}

}  // namespace acmed::issue
