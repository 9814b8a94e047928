// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/jwk.h"

#include "base/error.h"
#include "tests/unit/catch.h"

using namespace acmed;

namespace {

/// RFC 7517 appendix A.2.
json::Object curve() {
  return {{"kty", "EC"},
          {"crv", "P-256"},
          {"x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"},
          {"y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
          {"d", "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}};
}

/// A key made for this test, as certbot writes the one of its account.
json::Object rsa() {
  json::Object jwk{{"kty", "RSA"}};
  jwk["n"] =
      "xBslBUaTwW7z5nXQHjDEoiuq9vl9T_Odj3MZlVzL9aPiGOEX0argbiymTil_caJ69y2KmZuT1Nr-ggKVG7a8xq3EN301Q8ZAE0qd"
      "KpntUM0n5B953tJ63SWigxZWQ6oEohKV3jBAOhB2SDzZKivnH0MAt-2l5qr3WmXrk6rkLvUkN7ZS1FcVZyGeRVwAY-q9G-"
      "TNQbhqD8JUfY2m3A3Gg1KEN5phb_ZIr8LO7sTl5KyWVrzdk6pm1gZ_HUD5f5GpXf7NkIEjFozSJ2cG6v13IT0Vnh0I9pFYEVHMjd"
      "1ODV1xriCeP2g-7l3pw7u-Luvbc55s_Nb_i_GMgMEeOjlJJQ";
  jwk["e"] = "AQAB";
  jwk["d"] =
      "LLx-hQYVNebgR_4vVHvOl6o7jazbm-4Yzv00ZGDvfGF-9ir_WorPOQMBi0onMx6cS5_9gs49eqzcq374UgKtbOt-HCR5jrT-"
      "sAfw86N6wliS1ZUioaTFd4aa3KmvUy9JcEmqG65JMJXJze_noJm0V2rbEppposX0uJAQnja5aEaIpCdGk722MEqkj-kTP43KfbkC"
      "ssLlmKCnL8ZoOYZFiWA4OBkiEiGVaqu_Ei3z36DGeIOENoaXnOCDIRuJCEOvLTbtMe8OMBjUVzz8I9y6V21E_PCo_GC9TQwWxuJj"
      "yqP6hNE0nFYUdXFhKCCqjfA4HMqdNtK5LsTSIXTZI-Wanw";
  jwk["p"] =
      "7v4nV3SbnRTe80kbtVLisJrqMW9Da2col1IWcQdoVFgfM1NlrYgmK_NvvAiAXuz46Ff1_EMAcrWA50hinFLtwa0axlg1MnW5cObN"
      "0It8vjwRwCUp0QZciMBBaDvZz_W2XVdX73MhVdSLsKwa0P7sBftyXa77TofF6nRgZVAC_Wc";
  jwk["q"] =
      "0g-zzSZQOF_x2Vqfh5PecoPQE3ljomGjSc27V-gs4XMhaX3y5T_-"
      "oGQwUXXT9WS_jYq3WqYwXA6Bkax2sqgcm3gKP6kIBNBXmyloe1-dyz1yJfGJmHGgwFIGWiZP_MCCGWcDScDepHq3Jkp6mgtMuX-"
      "gGElLwQSdluV7nwU8oZM";
  jwk["dp"] =
      "6MHH6QndIGAaPtC91puRwbQuT9Tv0WNXigBdcNlpB3QHdwJK7XXCz104PeX9t_WM-"
      "SPpozRR9GXG0_mQaHTvr4d6ox93N9ylrUpruiaPZ-"
      "qy0vKexj8u0dSEHxLjMAE7Ca8uKjtzhNcK8Ra8yzzq-2yHVqw7fqEG5S9QTntdXhM";
  jwk["dq"] =
      "FBzix1rKxYsSOhB-Q9n5q5dJXgP6cTrOCqwDKxiU64U9hr9DeYXWGH9fTP1uLQnXeXL1uV0-NiJBb7RGrTaBfrVQreW-Wc-"
      "lA7tEQMPX9PTOMCnfVdRTYva3mvweHoJEMrB1VSN9bdw-GxF4ibVZRE2fA5RJB5Msj50rZ_91Xbc";
  jwk["qi"] =
      "QEI68LHM7hDc5SWAufei9PhJVr7KklsG9PwHbup8kMZX6qaiErm_2wNnWoyJ4evLq5IY-ZwCGC4-v2MOd0YX_WbU3XUfopdN-"
      "DOBPpy1TvRWVX7dgw8M2VNuuVGPFvA1Dmgt6yjgoKtA9uD9v6kwzk5AJeUNtaUfklG7AmPURw8";
  return jwk;
}

}  // namespace

SCENARIO("a private key that another client keeps as a JWK is the same key here") {
  const auto elliptic = crypto::private_key_from_jwk(json::Value(curve()));
  CHECK(elliptic.type() == crypto::KeyType::ecdsa_p256);
  CHECK(elliptic.jwk().at("x") == curve().at("x"));
  CHECK(elliptic.jwk().at("y") == curve().at("y"));
  const auto large = crypto::private_key_from_jwk(json::Value(rsa()));
  CHECK(large.type() == crypto::KeyType::rsa_2048);
  CHECK(large.jwk().at("n") == rsa().at("n"));
  CHECK(large.sign("x").size() == 256);
}

SCENARIO("what is no private key is refused") {
  for (const char* member : {"kty", "crv", "x", "d"}) {
    auto broken = curve();
    broken.erase(member);
    CHECK_THROWS_AS(crypto::private_key_from_jwk(json::Value(broken)), Refused);
  }
  auto other = curve();
  other["crv"] = "secp256k1";
  CHECK_THROWS_AS(crypto::private_key_from_jwk(json::Value(other)), Refused);
  auto no_point = curve();
  no_point["y"] = no_point["x"];
  CHECK_THROWS_AS(crypto::private_key_from_jwk(json::Value(no_point)), Refused);
  auto half = rsa();
  half.erase("p");
  CHECK_THROWS_AS(crypto::private_key_from_jwk(json::Value(half)), Refused);
  CHECK_THROWS_AS(crypto::private_key_from_jwk({}), Refused);
}
