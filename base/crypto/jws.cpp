// SPDX-License-Identifier: Apache-2.0
#include "base/crypto/jws.h"

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"

namespace acmed::crypto {

UnsignedJws::UnsignedJws(json::Object header, std::string algorithm, std::string_view payload)
    : payload_(base64url(payload)) {
  header.insert_or_assign("alg", std::move(algorithm));
  protected_header_ = base64url(json::dump(std::move(header)));
}

std::string UnsignedJws::signing_input() const {
  return protected_header_ + '.' + payload_;
}

json::Object UnsignedJws::with_signature(std::string_view signature) const {
  return {{"protected", protected_header_}, {"payload", payload_}, {"signature", base64url(signature)}};
}

json::Object jws_hs256(const Secret& hmac_key, json::Object header, std::string_view payload) {
  const UnsignedJws jws(std::move(header), "HS256", payload);
  return jws.with_signature(hmac(Digest::sha256, hmac_key.reveal(), jws.signing_input()));
}

}  // namespace acmed::crypto
