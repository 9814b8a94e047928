// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/encoding.h"

#include "tests/unit/catch.h"

using namespace acmed::crypto;

TEST_CASE("base64 is that of RFC 4648 §10") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("base32 is in lower case and has no padding (RFC 4648 §10)") {
  CHECK(acmed::base32("") == "");
  CHECK(acmed::base32("f") == "my");
  CHECK(acmed::base32("fo") == "mzxq");
  CHECK(acmed::base32("foo") == "mzxw6");
  CHECK(acmed::base32("foob") == "mzxw6yq");
  CHECK(acmed::base32("fooba") == "mzxw6ytb");
  CHECK(acmed::base32("foobar") == "mzxw6ytboi");
}

TEST_CASE("base64url has its own two letters and no padding") {
  CHECK(base64url("\xfb\xff") == "-_8");
  CHECK(base64url("f") == "Zg");
  CHECK(base64url("") == "");
}

TEST_CASE("base64 is read in both alphabets, padded or not, over several lines") {
  CHECK(from_base64("-_8") == "\xfb\xff");
  CHECK(from_base64("+/8=") == "\xfb\xff");
  CHECK(from_base64(" Zm9v\r\nYmFy\n") == "foobar");
  CHECK(from_base64("Zg") == "f");
  CHECK(from_base64("") == "");
}

TEST_CASE("what is no base64 is not read") {
  CHECK(!from_base64("Z"));
  CHECK(!from_base64("Zg="));
  CHECK(!from_base64("Zg==="));
  CHECK(!from_base64("Z=g="));
  CHECK(!from_base64("Zm9v!"));
  CHECK(!from_base64("===="));
  CHECK(!from_base64(std::string_view("Zm9v\0", 5)));
}

TEST_CASE("all octets survive base64 and hex") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(from_base64(base64(all)) == all);
  CHECK(from_base64(base64url(all)) == all);
  CHECK(hex(std::string("\x00\x0f\xff", 3)) == "000fff");
}
