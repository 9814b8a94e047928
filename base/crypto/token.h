// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto/key.h"
#include "base/runtime/secret_source.h"

namespace acmed::crypto {

/// Where a private key is that stays in a PKCS #11 token or in a TPM.
struct TokenKey {
  std::string uri;   ///< without the PIN: see fault_of_token_uri(), fault_of_tpm_uri()
  SecretSource pin;  ///< the token's, or the password of a key in a TPM; empty for a key without one
  std::optional<KeyType> type = std::nullopt;  ///< that the key has to be of; none: whatever it is
};

/// The parts of a PKCS #11 URI that acmed looks at (RFC 7512 §2.3).
struct TokenUri {
  std::string object;  ///< the URI without its query part
  std::string token;   ///< the attributes that say which token, in the order of the URI: "token=acmed"
  std::string module;  ///< path of the PKCS #11 module (module-path); empty for those that p11-kit knows
};

/// What is wrong with `uri` as the place of one private key, for a sentence; empty when nothing is. Nothing of its
/// query is repeated, where people write their PIN.
std::string fault_of_token_uri(std::string_view uri);
/// Of one without a fault.
TokenUri parse_token_uri(std::string_view uri);

/// Finds the key in its token, by OpenSSL's engine `pkcs11`, or its provider of that name where there is no engine; it
/// is loaded on first use, and with it the module of the first key; a process has one. Nobody is asked for anything. A
/// PIN that the token has refused is not offered to it again by this process, since tokens lock themselves after three.
/// Blocks. Throws Refused: "token:engine" when neither of them, or not the module, can be loaded, "token:pin",
/// "token:key" when the token has no such key; Retry: "token:absent" when there is no such token now, "token:failed"
/// for what else the token says.
PrivateKey find_in_token(const std::string& uri, const Secret& pin);

}  // namespace acmed::crypto
