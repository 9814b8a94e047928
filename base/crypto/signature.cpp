// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/signature.h"

#include <fmt/format.h>

#include "base/crypto/openssl.h"
#include "base/error.h"

namespace acmed::crypto {
namespace {

/// As OpenSSL's provider for TPMs knows them.
const char* name_of(Digest digest) {
  switch (digest) {
    case Digest::sha384:
      return "SHA384";
    case Digest::sha512:
      return "SHA512";
    default:
      return "SHA256";
  }
}

[[noreturn]] void fail_to_sign(const PrivateKey& key) {
  if (!key.is_in_token()) fail("sign");
  throw Retry("token:failed", fmt::format("cannot sign by the key {}: {}", key.uri(), take_complaint().text));
}

}  // namespace

std::optional<Digest> signature_digest(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return std::nullopt;
    case KeyType::ecdsa_p384:
      return Digest::sha384;
    case KeyType::ecdsa_p521:
      return Digest::sha512;
    default:
      return Digest::sha256;
  }
}

EVP_PKEY_CTX* begin_signature(EVP_MD_CTX* signing, const PrivateKey& key, std::optional<Digest> digest) {
  EVP_PKEY_CTX* options = nullptr;
  ERR_clear_error();
  // The digests fetched once are of OpenSSL's default context: those of another one are found there by name.
  const int result =
      key.native_context() != nullptr
          ? EVP_DigestSignInit_ex(signing, &options, digest ? name_of(*digest) : nullptr, key.native_context(), nullptr,
                                  key.native(), nullptr)
          : EVP_DigestSignInit(signing, &options, digest ? message_digest(*digest) : nullptr, nullptr, key.native());
  if (result != 1) fail_to_sign(key);
  return options;
}

std::string end_signature(EVP_MD_CTX* signing, const PrivateKey& key, std::string_view bytes) {
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key.native())), '\0');
  std::size_t size = signature.size();
  if (EVP_DigestSign(signing, octets(signature), &size, octets(bytes), bytes.size()) != 1) fail_to_sign(key);
  signature.resize(size);
  return signature;
}

void sign_request(X509_REQ* request, EVP_MD_CTX* signing, const PrivateKey& key) {
  if (X509_REQ_sign_ctx(request, signing) <= 0) fail_to_sign(key);
  if (key.is_in_token() && X509_REQ_verify(request, key.native_public()) != 1) {
    take_complaint();  // which the sentence replaces
    throw Retry("token:failed", fmt::format("what is signed by the key {} is not good by its public key", key.uri()));
  }
}

}  // namespace acmed::crypto
