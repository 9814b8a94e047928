// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/secret.h"

struct evp_pkey_st;
struct ossl_lib_ctx_st;

namespace acmed::crypto {

enum class KeyType { ecdsa_p256, ecdsa_p384, ecdsa_p521, rsa_2048, rsa_3072, rsa_4096, ed25519 };

/// "ecdsa-p256" and so on, as spelled in the configuration.
std::string_view to_text(KeyType type);
std::optional<KeyType> key_type_from(std::string_view text);

/// While it lives, this thread alone uses what a key stays in: a token or a TPM is used by one thread at a time. One of
/// a key in memory does nothing.
class Turn {
 public:
  Turn() = default;
  Turn(std::mutex& turn, ossl_lib_ctx_st* context) : context_(context), lock_(turn) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn();

 private:
  ossl_lib_ctx_st* context_ = nullptr;
  std::unique_lock<std::mutex> lock_;
};

/// A private key, in memory, in a token or in a TPM. Immutable; copies share the same key.
class PrivateKey {
 public:
  /// Generates a new key. RSA may take seconds: call it through offload().
  static PrivateKey generate(KeyType type);
  /// Reads PEM (PKCS #8, SEC 1, PKCS #1). Throws Refused when it is not a private key.
  static PrivateKey from_pem(const Secret& pem);

  /// A key that stays in the token or TPM where `uri` names it; found by find_in_token(), find_in_tpm(). `turn` is held
  /// whenever the key is used; `context` is where OpenSSL has what uses it (none: its default), and outlives `key`.
  /// Throws Refused ("key:type") when it is of a kind that acmed does not use.
  static PrivateKey in_token(std::string uri, std::shared_ptr<evp_pkey_st> key, std::shared_ptr<std::mutex> turn,
                             ossl_lib_ctx_st* context = nullptr);

  Secret to_pem() const;  ///< PKCS #8; empty for a key that stays in a token or TPM
  /// What a later run finds it by: its PEM, or its URI.
  Secret to_keep() const;
  bool is_in_token() const noexcept { return place_ != nullptr; }
  const std::string& uri() const noexcept;  ///< empty for a key in memory
  KeyType type() const noexcept { return type_; }

  /// The public key as a JWK with only the required members (RFC 7638 §3.2).
  json::Object jwk() const;
  /// RFC 7638 thumbprint: SHA-256, base64url.
  std::string jwk_thumbprint() const;
  /// SHA-256 of its SubjectPublicKeyInfo in DER, lower-case hex: what a TLSA record "3 1 1" holds (RFC 7671 §5.1).
  std::string public_key_digest() const;
  /// JWS algorithm name: ES256, ES384, ES512, RS256, EdDSA (RFC 7518, RFC 8037).
  std::string jws_algorithm() const;
  /// The JWS signature of `bytes`: raw R||S for ECDSA (RFC 7518 §3.4), PKCS #1 v1.5 for RSA.
  std::string sign(std::string_view bytes) const;

  evp_pkey_st* native() const noexcept { return key_.get(); }
  /// The public half alone, its curve by name.
  evp_pkey_st* native_public() const noexcept { return public_.get(); }
  ossl_lib_ctx_st* native_context() const noexcept { return place_ ? place_->context : nullptr; }
  /// Hold it while native() is used.
  Turn turn() const;

 private:
  struct Place {
    std::string uri;
    std::shared_ptr<std::mutex> turn;
    ossl_lib_ctx_st* context;
  };

  PrivateKey(std::shared_ptr<evp_pkey_st> key, KeyType type) : key_(std::move(key)), public_(key_), type_(type) {}
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<evp_pkey_st> public_;
  std::shared_ptr<const Place> place_;  ///< none for a key in memory
  KeyType type_;
};

/// The RFC 7638 thumbprint of a JWK that has only the required members.
std::string jwk_thumbprint(const json::Object& jwk);

}  // namespace acmed::crypto
