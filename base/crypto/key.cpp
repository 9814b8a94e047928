// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>

#include "base/crypto/encoding.h"
#include "base/crypto/openssl.h"
#include "base/crypto/signature.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

/// What the standards say about each kind of key.
struct Kind {
  KeyType type;
  std::string_view name;
  const char* curve;            ///< RFC 7518 §6.2.1.1, RFC 8037 §2; OpenSSL knows the same names
  unsigned rsa_bits;            ///< 0 for a curve
  std::size_t coordinate_size;  ///< octets of one coordinate, RFC 7518 §6.2.1.2
  const char* jws_algorithm;
  Digest digest;
};

constexpr std::array kinds = {
    Kind{KeyType::ecdsa_p256, "ecdsa-p256", "P-256", 0, 32, "ES256", Digest::sha256},
    Kind{KeyType::ecdsa_p384, "ecdsa-p384", "P-384", 0, 48, "ES384", Digest::sha384},
    Kind{KeyType::ecdsa_p521, "ecdsa-p521", "P-521", 0, 66, "ES512", Digest::sha512},
    Kind{KeyType::rsa_2048, "rsa-2048", nullptr, 2048, 0, "RS256", Digest::sha256},
    Kind{KeyType::rsa_3072, "rsa-3072", nullptr, 3072, 0, "RS256", Digest::sha256},
    Kind{KeyType::rsa_4096, "rsa-4096", nullptr, 4096, 0, "RS256", Digest::sha256},
    Kind{KeyType::ed25519, "ed25519", "Ed25519", 0, 32, "EdDSA", Digest::sha512},
};

const Kind& kind_of(KeyType type) {
  return kinds.at(static_cast<std::size_t>(type));
}

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

/// The type of a key that came from elsewhere; nothing when it is none of ours.
std::optional<KeyType> recognise(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return KeyType::ed25519;
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    for (const auto& kind : kinds) {
      if (kind.rsa_bits != 0 && static_cast<int>(kind.rsa_bits) == bits) return kind.type;
    }
    return std::nullopt;
  }
  const int curve = curve_of(key);
  if (curve == NID_X9_62_prime256v1) return KeyType::ecdsa_p256;
  if (curve == NID_secp384r1) return KeyType::ecdsa_p384;
  if (curve == NID_secp521r1) return KeyType::ecdsa_p521;
  return std::nullopt;
}

/// A number of the key as octets, filled up with zeros to `size` (0: as many as it has).
std::string number(const EVP_PKEY* key, const char* parameter, std::size_t size) {
  BIGNUM* raw = nullptr;
  need(EVP_PKEY_get_bn_param(key, parameter, &raw), "read a key");
  const OwnedNumber value(raw);
  std::string bytes(size > 0 ? size : static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
  if (BN_bn2binpad(raw, octets(bytes), static_cast<int>(bytes.size())) < 0) fail("read a key");
  return bytes;
}

/// DER's SEQUENCE of two INTEGERs as R || S of fixed width (RFC 7518 §3.4).
std::string raw_ecdsa_signature(std::string_view der, std::size_t coordinate_size) {
  const auto* start = octets(der);
  const Owned<ECDSA_SIG, ECDSA_SIG_free> pair(
      need(d2i_ECDSA_SIG(nullptr, &start, static_cast<long>(der.size())), "read a signature"));
  std::string raw(2 * coordinate_size, '\0');
  const auto width = static_cast<int>(coordinate_size);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), octets(raw), width) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), octets(raw) + width, width) < 0) {
    fail("read a signature");
  }
  return raw;
}

/// A daemon has nobody to ask for a passphrase; without this OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

[[noreturn]] void refuse_type() {
  throw Refused("key:type",
                "the private key is of a kind that acmed does not use; it must be ECDSA P-256, P-384 or P-521, RSA "
                "with 2048, 3072 or 4096 bits, or Ed25519");
}

}  // namespace

Turn::~Turn() {
  // OpenSSL keeps things of each thread in a context, and has them freed before the context.
  if (context_ != nullptr) OPENSSL_thread_stop_ex(context_);
}

std::string_view to_text(KeyType type) {
  return kind_of(type).name;
}

std::optional<KeyType> key_type_from(std::string_view text) {
  for (const auto& kind : kinds) {
    if (kind.name == text) return kind.type;
  }
  return std::nullopt;
}

PrivateKey PrivateKey::generate(KeyType type) {
  const auto& kind = kind_of(type);
  EVP_PKEY* key = nullptr;
  if (kind.rsa_bits != 0) {
    key = EVP_RSA_gen(kind.rsa_bits);
  } else if (type == KeyType::ed25519) {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, kind.curve);
  } else {
    key = EVP_EC_gen(kind.curve);
  }
  return PrivateKey(own(need(key, "make a key")), type);
}

PrivateKey PrivateKey::from_pem(const Secret& pem) {
  const auto& text = pem.reveal();
  const OwnedBio bio(need(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "read a key"));
  auto key = own(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) {
    throw Refused("key:unreadable",
                  "this is no private key in PEM without a passphrase (" + take_openssl_error() + ")");
  }
  const auto type = recognise(key.get());
  if (!type) refuse_type();
  return PrivateKey(std::move(key), *type);
}

PrivateKey PrivateKey::in_token(std::string uri, std::shared_ptr<evp_pkey_st> key, std::shared_ptr<std::mutex> turn,
                                ossl_lib_ctx_st* context) {
  // What a token gives as public key may have its curve spelled out, which CAs refuse, and lack what is asked for
  // below.
  const OwnedBio bio(need(BIO_new(BIO_s_mem()), "read a public key"));
  {
    const Turn mine(*turn, context);
    need(i2d_PUBKEY_bio(bio.get(), key.get()), "read a public key");
  }
  auto half = own(need(d2i_PUBKEY_bio(bio.get(), nullptr), "read a public key"));
  if (EVP_PKEY_is_a(half.get(), "EC") == 1) {
    need(EVP_PKEY_set_utf8_string_param(half.get(), OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP),
         "read a public key");
  }
  const auto type = recognise(half.get());
  if (!type) refuse_type();
  PrivateKey result(std::move(key), *type);
  result.public_ = std::move(half);
  result.place_ = std::make_shared<const Place>(Place{std::move(uri), std::move(turn), context});
  return result;
}

const std::string& PrivateKey::uri() const noexcept {
  static const std::string none;
  return place_ ? place_->uri : none;
}

Secret PrivateKey::to_keep() const {
  return place_ ? Secret(place_->uri) : to_pem();
}

Turn PrivateKey::turn() const {
  return place_ ? Turn(*place_->turn, place_->context) : Turn();
}

Secret PrivateKey::to_pem() const {
  if (place_) return {};
  // Its memory is wiped when it ends.
  const OwnedBio bio(need(BIO_new(BIO_s_secmem()), "write a key"));
  need(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr), "write a key");
  return Secret(std::string(written(bio.get())));
}

json::Object PrivateKey::jwk() const {
  const auto& kind = kind_of(type_);
  if (type_ == KeyType::ed25519) {
    std::string point(kind.coordinate_size, '\0');
    std::size_t size = point.size();
    need(EVP_PKEY_get_raw_public_key(public_.get(), octets(point), &size), "read a key");
    return {{"kty", "OKP"}, {"crv", kind.curve}, {"x", base64url(point)}};
  }
  if (kind.rsa_bits != 0) {
    return {{"kty", "RSA"},
            {"n", base64url(number(public_.get(), OSSL_PKEY_PARAM_RSA_N, 0))},
            {"e", base64url(number(public_.get(), OSSL_PKEY_PARAM_RSA_E, 0))}};
  }
  return {{"kty", "EC"},
          {"crv", kind.curve},
          {"x", base64url(number(public_.get(), OSSL_PKEY_PARAM_EC_PUB_X, kind.coordinate_size))},
          {"y", base64url(number(public_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kind.coordinate_size))}};
}

std::string PrivateKey::jwk_thumbprint() const {
  return crypto::jwk_thumbprint(jwk());
}

std::string jwk_thumbprint(const json::Object& jwk) {
  // json::Object is in the order of the names and is written without blanks, as RFC 7638 §3.3 wants it.
  return base64url(sha256(json::dump(jwk)));
}

std::string PrivateKey::public_key_digest() const {
  const OwnedBio bio(need(BIO_new(BIO_s_mem()), "write a public key"));
  need(i2d_PUBKEY_bio(bio.get(), public_.get()), "write a public key");
  return hex(sha256(written(bio.get())));
}

std::string PrivateKey::jws_algorithm() const {
  return kind_of(type_).jws_algorithm;
}

std::string PrivateKey::sign(std::string_view bytes) const {
  const auto& kind = kind_of(type_);
  const auto mine = turn();
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> signing(need(EVP_MD_CTX_new(), "sign"));
  begin_signature(signing.get(), *this, type_ == KeyType::ed25519 ? std::nullopt : std::optional(kind.digest));
  const auto signature = end_signature(signing.get(), *this, bytes);
  const bool ecdsa = kind.rsa_bits == 0 && type_ != KeyType::ed25519;
  return ecdsa ? raw_ecdsa_signature(signature, kind.coordinate_size) : signature;
}

}  // namespace acmed::crypto
