// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/crypto/key.h"
#include "base/json.h"
#include "base/secret.h"

namespace acmed::crypto {

/// A flattened JSON JWS (RFC 7515 §7.2.2) without its signature.
class UnsignedJws {
 public:
  /// `header` becomes the protected header, with "alg" added; `algorithm` is that of the key that will sign.
  UnsignedJws(json::Object header, std::string algorithm, std::string_view payload);

  /// The bytes to sign (RFC 7515 §5.1).
  std::string signing_input() const;
  json::Object with_signature(std::string_view signature) const;

 private:
  std::string protected_header_;  ///< base64url, like the payload
  std::string payload_;
};

/// A JWS over `payload` with HMAC-SHA256 (external account binding, RFC 8555 §7.3.4).
json::Object jws_hs256(const Secret& hmac_key, json::Object header, std::string_view payload);

}  // namespace acmed::crypto
