// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/challenge.h"

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "tests/unit/catch.h"

namespace acmed::issue {

SCENARIO("a challenge is answered by the digest of its key authorization, below the name's label") {
  const Challenge challenge("a.example.test", "token.thumbprint");
  CHECK(challenge.name == dns::Name("_acme-challenge.a.example.test"));
  CHECK(challenge.value == crypto::base64url(crypto::sha256("token.thumbprint")));
  CHECK(challenge.origin.domain == "a.example.test");
  THEN("a wildcard is proved where the name under it is") {
    CHECK(Challenge::name_for("*.a.example.test") == challenge.name);
  }
}

}  // namespace acmed::issue
