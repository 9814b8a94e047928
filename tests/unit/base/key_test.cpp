// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/key.h"

#include <openssl/ec.h>
#include <openssl/pem.h>

#include "base/crypto/encoding.h"
#include "base/crypto/jws.h"
#include "base/error.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::crypto;

namespace {

/// The private key of RFC 8037 §A.1 as PKCS #8.
PrivateKey rfc8037_key() {
  const auto der = std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) +
                   *from_base64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
  return PrivateKey::from_pem(Secret("-----BEGIN PRIVATE KEY-----\n" + base64(der) + "\n-----END PRIVATE KEY-----\n"));
}

std::string octets_of(const BIGNUM* number) {
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

/// The DER that OpenSSL verifies, of R || S.
std::string der_signature(const std::string& raw) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  const int half = static_cast<int>(raw.size() / 2);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), ECDSA_SIG_free);
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(bytes, half, nullptr), BN_bin2bn(bytes + half, half, nullptr));
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  std::string copy(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return copy;
}

bool verifies(const PrivateKey& key, const EVP_MD* digest, const std::string& signature, const std::string& bytes) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> check(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(check.get(), nullptr, digest, nullptr, key.native()) == 1 &&
         EVP_DigestVerify(check.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) == 1;
}

std::string jws(const PrivateKey& key, json::Object header, std::string_view payload) {
  const UnsignedJws object(std::move(header), key.jws_algorithm(), payload);
  return json::dump(object.with_signature(key.sign(object.signing_input())));
}

}  // namespace

TEST_CASE("a thumbprint is that of RFC 7638 §3.1") {
  const json::Object jwk = {{"kty", "RSA"},
                            {"n",
                             "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
                             "BJECPebWKRXjBZCiFV4n3oknjh"
                             "Mstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
                             "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvR"
                             "L5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
                             "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqD"
                             "Kgw"},
                            {"e", "AQAB"}};
  CHECK(jwk_thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST_CASE("Ed25519 is that of RFC 8037 appendix A") {
  const auto key = rfc8037_key();
  CHECK(key.type() == KeyType::ed25519);
  CHECK(json::dump(key.jwk()) == R"({"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  CHECK(key.jwk_thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  CHECK(base64url(key.sign("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")) ==
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

TEST_CASE("a JWS over the example of RFC 8037 §A.4 is the RFC's") {
  CHECK(jws(rfc8037_key(), {}, "Example of Ed25519 signing") ==
        R"({"payload":"RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc","protected":"eyJhbGciOiJFZERTQSJ9",)"
        R"("signature":"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"})");
}

TEST_CASE("a key of every type keeps its type and its public half through PEM") {
  for (const auto* name : {"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "rsa-3072", "ed25519"}) {
    const auto type = key_type_from(name);
    REQUIRE(type.has_value());
    CHECK(to_text(*type) == name);
    const auto key = PrivateKey::generate(*type);
    CHECK_THAT(key.to_pem().reveal(), Catch::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
    const auto again = PrivateKey::from_pem(key.to_pem());
    CHECK(again.type() == *type);
    CHECK(again.jwk_thumbprint() == key.jwk_thumbprint());
  }
  CHECK(key_type_from("rsa-4096") == KeyType::rsa_4096);
  CHECK(!key_type_from("rsa-1024"));
}

TEST_CASE("an ECDSA signature is R and S, each as wide as the curve, and verifies") {
  struct Case {
    KeyType type;
    const EVP_MD* digest;
    std::size_t size;
    const char* algorithm;
  };
  for (const auto& [type, digest, size, algorithm] :
       {Case{KeyType::ecdsa_p256, EVP_sha256(), 64, "ES256"}, Case{KeyType::ecdsa_p384, EVP_sha384(), 96, "ES384"},
        Case{KeyType::ecdsa_p521, EVP_sha512(), 132, "ES512"}}) {
    const auto key = PrivateKey::generate(type);
    CHECK(key.jws_algorithm() == algorithm);
    bool all_right = true;
    // One in 256 has a leading zero that DER drops: enough of them to see one, or a padding that is wrong.
    for (int i = 0; i < 300; ++i) {
      const auto raw = key.sign("bytes");
      all_right = all_right && raw.size() == size && verifies(key, digest, der_signature(raw), "bytes");
    }
    CHECK(all_right);
    CHECK(!verifies(key, digest, der_signature(key.sign("bytes")), "other bytes"));
  }
}

TEST_CASE("coordinates in a JWK are as wide as the curve") {
  for (int i = 0; i < 300; ++i) {
    const auto jwk = PrivateKey::generate(KeyType::ecdsa_p256).jwk();
    const auto x = from_base64(*jwk.at("x").as_string());
    const auto y = from_base64(*jwk.at("y").as_string());
    if (x->size() != 32 || y->size() != 32) FAIL("a coordinate is not 32 octets wide");
  }
}

TEST_CASE("an RSA signature verifies, and the JWK has the modulus without a leading zero") {
  const auto key = PrivateKey::generate(KeyType::rsa_2048);
  CHECK(key.jws_algorithm() == "RS256");
  CHECK(verifies(key, EVP_sha256(), key.sign("bytes"), "bytes"));
  const auto jwk = key.jwk();
  BIGNUM* modulus = nullptr;
  REQUIRE(EVP_PKEY_get_bn_param(key.native(), "n", &modulus) == 1);
  CHECK(from_base64(*jwk.at("n").as_string()) == octets_of(modulus));
  BN_free(modulus);
  CHECK(*jwk.at("e").as_string() == "AQAB");
}

TEST_CASE("a JWS signs its protected header and its payload") {
  const auto key = PrivateKey::generate(KeyType::ecdsa_p256);
  const auto text = jws(key, {{"nonce", "n"}, {"url", "https://ca/new-order"}, {"kid", "https://ca/1"}}, "{}");
  const auto object = json::parse(text);
  REQUIRE(object.has_value());
  CHECK(*from_base64((*object)["protected"].text_or()) ==
        R"({"alg":"ES256","kid":"https://ca/1","nonce":"n","url":"https://ca/new-order"})");
  CHECK((*object)["payload"].text_or() == "e30");
  CHECK(verifies(key, EVP_sha256(), der_signature(*from_base64((*object)["signature"].text_or())),
                 (*object)["protected"].text_or() + ".e30"));
}

TEST_CASE("POST-as-GET signs the empty payload") {
  const auto object = json::parse(jws(PrivateKey::generate(KeyType::ecdsa_p256), {}, ""));
  CHECK((*object)["payload"] == json::Value(""));
}

TEST_CASE("an external account binding is signed with HMAC-SHA256 and has no nonce") {
  // The key of RFC 7515 §A.1; the signature was computed independently over the two parts.
  const Secret key(
      *from_base64("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
  const auto object = jws_hs256(key, {{"kid", "k1"}, {"url", "https://ca/new-account"}}, R"({"kty":"EC"})");
  CHECK(object.size() == 3);
  CHECK(*from_base64(*object.at("protected").as_string()) ==
        R"({"alg":"HS256","kid":"k1","url":"https://ca/new-account"})");
  CHECK(*object.at("signature").as_string() == "7UCFCPfCrJVGgm0EHeqtoaC5TeyUzZ6rj-JiWLJB-v8");
}

SCENARIO("what is no usable private key is refused with a reason") {
  const auto refused = [](const std::string& pem) {
    try {
      PrivateKey::from_pem(Secret(pem));
    } catch (const Refused& error) {
      return error.cause();
    }
    return std::string("accepted");
  };
  const auto pem_of = [](EVP_PKEY* raw, const EVP_CIPHER* cipher) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(raw, EVP_PKEY_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), cipher, cipher != nullptr ? "pass" : nullptr,
                                  cipher != nullptr ? 4 : 0, nullptr, nullptr);
    char* start = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &start);
    return std::string(start, static_cast<std::size_t>(size));
  };
  CHECK(refused("") == "key:unreadable");
  CHECK(refused("nonsense") == "key:unreadable");
  CHECK(refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n") == "key:unreadable");
  CHECK(refused(pem_of(EVP_EC_gen("P-256"), EVP_aes_128_cbc())) == "key:unreadable");
  CHECK(refused(pem_of(EVP_EC_gen("secp256k1"), nullptr)) == "key:type");
  CHECK(refused(pem_of(EVP_RSA_gen(1024), nullptr)) == "key:type");
  CHECK(refused(pem_of(EVP_EC_gen("P-256"), nullptr)) == "accepted");
}

TEST_CASE("the older PEM forms of private keys are read") {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  // What `openssl ecparam -genkey` writes: the parameters first, then SEC 1.
  BIO_puts(bio.get(), "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
  PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* start = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &start);
  CHECK(PrivateKey::from_pem(Secret(std::string(start, static_cast<std::size_t>(size)))).type() == KeyType::ecdsa_p256);
}
