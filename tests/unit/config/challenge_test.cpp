// SPDX-License-Identifier: Apache-2.0
#include "config/challenge.h"

#include "tests/unit/catch.h"

namespace acmed::config {

using enum ChallengeType;

SCENARIO("a challenge stands at one name for a wildcard and the name under it") {
  CHECK(challenge_name(dns_01, "*.example.com", "") == "_acme-challenge.example.com");
  CHECK(challenge_name(dns_persist_01, "*.example.com", "") == "_validation-persist.example.com");
  // The vector of draft-ietf-acme-dns-account-label.
  CHECK(challenge_name(dns_account_01, "*.example.com", "https://example.com/acme/acct/ExampleAccount") ==
        "_ujmmovf2vn55tgye._acme-challenge.example.com");
  CHECK(challenge_parent(dns_account_01, "example.com") == "_acme-challenge.example.com");
}

SCENARIO("challenges have an order of preference") {
  const Challenges types = {dns_persist_01, dns_01};
  CHECK(names_of(types) == "dns-persist-01, dns-01");
  CHECK(types.contains(dns_01));
  CHECK_FALSE(types.contains(dns_account_01));
  CHECK(types.front() == dns_persist_01);
}

}  // namespace acmed::config
