// SPDX-License-Identifier: Apache-2.0
// Private to base/crypto: signatures by keys of any place.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/digest.h"
#include "base/crypto/key.h"

namespace acmed::crypto {

/// The digest that a certificate signing request by such a key has; nothing for Ed25519.
std::optional<Digest> signature_digest(KeyType type);

/// Begins a signature by `key`, whose turn the caller has. Without a digest the key's own algorithm has one (Ed25519).
/// Returns its options, which `signing` owns.
EVP_PKEY_CTX* begin_signature(EVP_MD_CTX* signing, const PrivateKey& key, std::optional<Digest> digest);

/// Ends one. Throws as sign_request() does.
std::string end_signature(EVP_MD_CTX* signing, const PrivateKey& key, std::string_view bytes);

/// Signs `request`, which has the public key already, as begin_signature() has begun. What a token or a TPM has signed
/// is verified. Throws Retry: "crypto", "token:failed" with what a token or TPM says.
void sign_request(X509_REQ* request, EVP_MD_CTX* signing, const PrivateKey& key);

}  // namespace acmed::crypto
