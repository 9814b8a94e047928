// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/keys.h"

#include "base/crypto/x509.h"
#include "base/error.h"
#include "base/runtime/scope.h"
#include "tests/unit/catch.h"

namespace acmed::crypto {

SCENARIO("software keys are made and signed with as the keys themselves are") {
  VirtualClock clock{Time{}};
  Loop loop{clock};
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ed25519, KeyType::rsa_2048}) {
    const auto key = run(loop, software_keys().generate(type));
    CHECK(key.type() == type);
    const auto signature = run(loop, software_keys().sign(key, "bytes"));
    // Those of ECDSA differ each time.
    if (type == KeyType::ecdsa_p256) CHECK(signature.size() == 64);
    if (type != KeyType::ecdsa_p256) CHECK(signature == key.sign("bytes"));
    CHECK_FALSE(run(loop, software_keys().csr(key, {"a.test"}, "")).empty());
  }
}

SCENARIO("a key that nobody waits for any more is not made") {
  VirtualClock clock{Time{}};
  Loop loop{clock};
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(run(loop, software_keys().generate(KeyType::rsa_4096), stop.get_token()), Cancelled);
}

}  // namespace acmed::crypto
