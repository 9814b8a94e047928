// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

/// Names that their owner lets us have certificates for (RFC 9115), as plain data.
namespace acmed::acme {

/// What the owner wants certificate requests to say (RFC 9115 §4).
struct CsrTemplate {
  /// A key that may be used, with the signature of the request.
  struct KeyKind {
    std::string public_key;   ///< "rsaEncryption" or "id-ecPublicKey"
    unsigned length = 0;      ///< in bits; of RSA keys
    std::string named_curve;  ///< "secp256r1"; of EC keys
    std::string signature;    ///< "ecdsa-with-SHA256"
  };
  std::vector<KeyKind> key_kinds;
  std::map<std::string, std::string> subject;  ///< "commonName" -> a value, or required_of_us, or left_to_us
  std::vector<std::string> dns_names;          ///< the same, each
  std::vector<std::string> emails;
  std::vector<std::string> uris;
  std::vector<std::string> key_usage;
  std::vector<std::string> extended_key_usage;

  /// Values of a template that are ours to choose.
  static constexpr std::string_view required_of_us = "**";
  static constexpr std::string_view left_to_us = "*";

  /// Throws Error ("acme:csrTemplate"), naming the member, for a template outside of the grammar of appendix A.
  static CsrTemplate from_json(const json::Value& value);
};

/// A delegation object (§2.3.1.3).
struct Delegation {
  std::string url;
  CsrTemplate request;
};

}  // namespace acmed::acme
