// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/token.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstring>
#include <future>

#include "base/crypto/request.h"
#include "base/crypto/x509.h"
#include "base/error.h"
#include "tests/unit/base/signed_request.h"
#include "tests/unit/catch.h"
#include "tests/unit/outcome.h"

namespace acmed::crypto {
namespace {

constexpr const char* uri = "pkcs11:token=acmed;object=web";

std::shared_ptr<evp_pkey_st> native_of(const PrivateKey& key) {
  return {key.native(), [key](evp_pkey_st*) {}};
}

}  // namespace

SCENARIO("a URI that names one private key is taken, with the module that has the token") {
  CHECK(fault_of_token_uri(uri).empty());
  CHECK(fault_of_token_uri("pkcs11:serial=0123;id=%01;type=private").empty());
  const auto parsed = parse_token_uri("pkcs11:token=my%20token;object=web;serial=12?module-path=/usr/lib/a%20b.so");
  CHECK(parsed.object == "pkcs11:token=my%20token;object=web;serial=12");
  CHECK(parsed.token == "token=my%20token;serial=12");
  CHECK(parsed.module == "/usr/lib/a b.so");
  CHECK(parse_token_uri(uri).module.empty());
}

SCENARIO("what names no private key is told, and a PIN in it is not repeated") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"/etc/key.pem", "is no PKCS #11 URI"},
      {"pkcs11:object=web", "add token=LABEL or serial=NUMBER"},
      {"pkcs11:token=acmed", "add object=LABEL or id=%01"},
      {"pkcs11:token=;object=web", "its attribute token is empty"},
      {"pkcs11:token=acmed;object=web;type=cert", "leave `type` out"},
      {"pkcs11:token=acmed;object=web;colour=red", "none of token, serial"},
      {"pkcs11:token=acmed;object=web?pin-value=4711", "write pin = { file"},
      {"pkcs11:token=acmed;object=web;pin-value=4711", "write pin = { file"},
      {"pkcs11:token=acmed;object=web?pin-source=/a", "write pin = { file"},
      {"pkcs11:token=acmed;object=web?module-path=lib.so", "no absolute path"},
      {"pkcs11:token=acmed;object=web?module-name=x", "only module-path"},
      {"pkcs11:token=my token;object=web", "%20 for a blank"},
      {"pkcs11:token=acmed;object=%4", "two hexadecimal digits"},
      {"pkcs11:token=acmed;object=" + std::string(1025, 'a'), "1024 are allowed"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    const auto fault = fault_of_token_uri(text);
    CHECK_THAT(fault, Catch::Contains(expected));
    CHECK(fault.find("4711") == fault.npos);
  }
}

SCENARIO("a key in a token signs, and is nowhere else") {
  for (const auto type : {KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::rsa_2048}) {
    const auto key = PrivateKey::generate(type);
    const auto held = PrivateKey::in_token(uri, native_of(key), std::make_shared<std::mutex>());
    CHECK(held.type() == type);
    CHECK(held.is_in_token());
    CHECK(held.uri() == uri);
    CHECK(held.to_pem().empty());
    CHECK(held.to_keep().reveal() == uri);
    CHECK(held.public_key_digest() == key.public_key_digest());
    CHECK(held.jwk_thumbprint() == key.jwk_thumbprint());
    CHECK(test::key_in(make_csr(held, {"a.test"})) == test::key_in(make_csr(key, {"a.test"})));
  }
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  CHECK_FALSE(key.is_in_token());
  CHECK(key.uri().empty());
  CHECK(key.to_keep() == key.to_pem());
}

SCENARIO("a token that spells its curve out gets a request with the curve's name, which is what CAs take") {
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  const auto named = test::key_in(make_csr(key, {"a.test"}));
  const auto digest = key.public_key_digest();
  REQUIRE(EVP_PKEY_set_utf8_string_param(key.native(), OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT) ==
          1);
  REQUIRE(key.public_key_digest() != digest);
  const auto held = PrivateKey::in_token(uri, native_of(key), std::make_shared<std::mutex>());
  CHECK(held.type() == KeyType::ecdsa_p256);
  CHECK(held.public_key_digest() == digest);
  CHECK(test::key_in(make_csr(held, {"a.test"})) == named);
  RequestContent content;
  content.dns_names = {"a.test"};
  CHECK(test::key_in(make_csr(held, content)) == named);
}

SCENARIO("what a token signs wrongly is not sent to a CA") {
  const auto shown = PrivateKey::generate(KeyType::ecdsa_p256);
  const auto used = PrivateKey::generate(KeyType::ecdsa_p256);
  std::array<unsigned char, 65> point{};
  std::size_t size = 0;
  REQUIRE(EVP_PKEY_get_octet_string_param(shown.native(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) ==
          1);
  OSSL_PARAM* parts = nullptr;
  REQUIRE(EVP_PKEY_todata(used.native(), EVP_PKEY_KEYPAIR, &parts) == 1);
  auto* part = OSSL_PARAM_locate(parts, OSSL_PKEY_PARAM_PUB_KEY);
  REQUIRE(part->data_size == size);
  std::memcpy(part->data, point.data(), size);
  EVP_PKEY* mixed = nullptr;
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> making(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), EVP_PKEY_CTX_free);
  REQUIRE(EVP_PKEY_fromdata_init(making.get()) == 1);
  REQUIRE(EVP_PKEY_fromdata(making.get(), &mixed, EVP_PKEY_KEYPAIR, parts) == 1);
  OSSL_PARAM_free(parts);
  const auto held = PrivateKey::in_token(uri, {mixed, EVP_PKEY_free}, std::make_shared<std::mutex>());
  CHECK(outcome_of([&held] { make_csr(held, {"a.test"}); }) ==
        "retry token:failed what is signed by the key pkcs11:token=acmed;object=web is not good by its public key");
}

SCENARIO("a token is used by one at a time") {
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  const auto turn = std::make_shared<std::mutex>();
  const auto held = PrivateKey::in_token(uri, native_of(key), turn);
  std::unique_lock others(*turn);
  auto signature = std::async(std::launch::async, [&held] { return held.sign("bytes").size(); });
  auto request = std::async(std::launch::async, [&held] { return make_csr(held, {"a.test"}).size(); });
  RequestContent content;
  content.dns_names = {"a.test"};
  auto delegated = std::async(std::launch::async, [&held, content] { return make_csr(held, content).size(); });
  // Each of them would be done in a thousandth of that.
  CHECK(signature.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  CHECK(request.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  CHECK(delegated.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  others.unlock();
  CHECK(signature.get() == 64);
  CHECK(request.get() > 0);
  CHECK(delegated.get() > 0);
}

}  // namespace acmed::crypto
