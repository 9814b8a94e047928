// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/digest.h"

#include <openssl/evp.h>

#include "base/crypto/encoding.h"
#include "tests/unit/catch.h"

using namespace acmed::crypto;

namespace {

std::string jefe(Digest digest) {
  return hex(hmac(digest, "Jefe", "what do ya want for nothing?"));
}

}  // namespace

TEST_CASE("SHA-256 is that of FIPS 180-2") {
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("HMAC is that of RFC 2202 and RFC 4231") {
  CHECK(jefe(Digest::md5) == "750c783e6ab0b503eaa86e310a5db738");
  CHECK(jefe(Digest::sha1) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(jefe(Digest::sha224) == "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44");
  CHECK(jefe(Digest::sha256) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(jefe(Digest::sha384) ==
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
  CHECK(jefe(Digest::sha512) ==
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
  CHECK(hex(hmac(Digest::sha256, std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("an empty key is a key") {
  CHECK(hex(hmac(Digest::sha256, "", "")) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("old digests work for old name servers on a host that prefers FIPS") {
  REQUIRE(EVP_set_default_properties(nullptr, "fips=yes") == 1);
  const auto md5 = jefe(Digest::md5);
  const auto sha1 = jefe(Digest::sha1);
  REQUIRE(EVP_set_default_properties(nullptr, "") == 1);
  CHECK(md5 == "750c783e6ab0b503eaa86e310a5db738");
  CHECK(sha1 == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

TEST_CASE("the size of a digest is that of its HMAC") {
  for (const auto digest :
       {Digest::md5, Digest::sha1, Digest::sha224, Digest::sha256, Digest::sha384, Digest::sha512}) {
    CHECK(hmac(digest, "k", "x").size() == digest_size(digest));
  }
}

TEST_CASE("texts are compared in constant time and rightly") {
  CHECK(equal_in_constant_time("", ""));
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK(!equal_in_constant_time("abc", "abd"));
  CHECK(!equal_in_constant_time("abc", "ab"));
}

TEST_CASE("random bytes are as many as asked for, and others each time") {
  CHECK(random_bytes(32).size() == 32);
  CHECK(random_bytes(32) != random_bytes(32));
  CHECK(random_bytes(0).empty());
}
