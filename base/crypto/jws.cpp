// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/jws.h"

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"

namespace acmed::crypto {
namespace {

/// RFC 7515 §5.1: `sign` is given "BASE64URL(protected header).BASE64URL(payload)".
template <class Sign>
json::Object signed_object(json::Object header, std::string algorithm, std::string_view payload, Sign sign) {
  header.insert_or_assign("alg", std::move(algorithm));
  auto protected_header = base64url(json::dump(std::move(header)));
  auto body = base64url(payload);
  auto signature = base64url(sign(protected_header + '.' + body));
  return {
      {"protected", std::move(protected_header)}, {"payload", std::move(body)}, {"signature", std::move(signature)}};
}

}  // namespace

std::string jws(const PrivateKey& key, json::Object header, std::string_view payload) {
  return json::dump(signed_object(std::move(header), key.jws_algorithm(), payload,
                                  [&key](const std::string& input) { return key.sign(input); }));
}

json::Object jws_hs256(const Secret& hmac_key, json::Object header, std::string_view payload) {
  return signed_object(std::move(header), "HS256", payload, [&hmac_key](const std::string& input) {
    return hmac(Digest::sha256, hmac_key.reveal(), input);
  });
}

}  // namespace acmed::crypto
