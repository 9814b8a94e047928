// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/crypto/key.h"
#include "base/json.h"
#include "base/secret.h"

namespace acmed::crypto {

/// A flattened JSON JWS (RFC 7515 §7.2.2) over `payload`. `header` becomes the protected header, with "alg" added.
std::string jws(const PrivateKey& key, json::Object header, std::string_view payload);

/// The same with HMAC-SHA256 (external account binding, RFC 8555 §7.3.4).
json::Object jws_hs256(const Secret& hmac_key, json::Object header, std::string_view payload);

}  // namespace acmed::crypto
