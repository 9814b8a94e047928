// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/crypto/key.h"
#include "base/crypto/x509.h"
#include "base/secret.h"

/// The forms besides PKCS #8 in PEM in which programs want a key, and a key with its certificates.
namespace acmed::crypto {

/// PEM as OpenSSL wrote it before PKCS #8: "EC PRIVATE KEY" (SEC 1, RFC 5915) or "RSA PRIVATE KEY" (PKCS #1). Throws
/// Refused for a key that has no such form (Ed25519).
Secret traditional_pem(const PrivateKey& key);

/// PKCS #8 in DER, not encrypted.
Secret pkcs8_der(const PrivateKey& key);

enum class Pkcs12Cipher {
  modern,  ///< AES-256 and PBKDF2 with SHA-256, as OpenSSL 3 and Java 12 write it
  legacy   ///< triple DES and SHA-1, which old programs read
};

/// PKCS #12 (RFC 7292) with the key and its `chain`, which begins with its certificate. `name`: the entry's friendly
/// name. Different each time, since its salts are random.
Secret pkcs12(const PrivateKey& key, const std::vector<Certificate>& chain, const std::string& name,
              const Secret& password, Pkcs12Cipher cipher);

/// Whether `der` is PKCS #12 that this password opens, with this key and this chain.
bool is_pkcs12_of(std::string_view der, const PrivateKey& key, const std::vector<Certificate>& chain,
                  const Secret& password);

}  // namespace acmed::crypto
