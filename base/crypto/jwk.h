// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/crypto/key.h"
#include "base/json.h"

namespace acmed::crypto {

/// The private key of a JWK (RFC 7517; RFC 7518 §6.2.2 and §6.3.2): RSA with its primes, or a curve of ours. Throws
/// Refused ("crypto:key") when it is none.
PrivateKey private_key_from_jwk(const json::Value& jwk);

}  // namespace acmed::crypto
