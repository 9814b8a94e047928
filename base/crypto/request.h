// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/crypto/key.h"

namespace acmed::crypto {

/// What a certificate signing request says (RFC 2986), part by part.
struct RequestContent {
  std::vector<std::string> dns_names{};
  std::vector<std::string> emails{};
  std::vector<std::string> uris{};
  /// Of its subject, in order: "C", "ST", "L", "O", "OU", "CN" or "emailAddress", and the value.
  std::vector<std::pair<std::string, std::string>> subject{};
  std::vector<std::string> key_usage{};           ///< as RFC 5280 §4.2.1.3 spells them; empty: no such extension
  std::vector<std::string> extended_key_usage{};  ///< as RFC 5280 §4.2.1.12 spells them, or OIDs; empty: none
  unsigned digest_bits = 256;                     ///< of the SHA-2 digest that is signed
  bool is_pss = false;                            ///< RSASSA-PSS (RFC 8017 §8.1) with a salt of the digest's length
};

/// A certificate signing request in DER: `common_name` as its subject, which is empty without one, all names as
/// dNSName, signed with SHA-256 (SHA-384 and SHA-512 for the larger curves, no digest for Ed25519). Throws as below.
std::string make_csr(const PrivateKey& key, const std::vector<std::string>& dns_names,
                     const std::string& common_name = {});

/// The request in DER, which says this and nothing else, signed by `key`. Throws Refused ("request:content") for what
/// cannot be encoded.
std::string make_csr(const PrivateKey& key, const RequestContent& content);

}  // namespace acmed::crypto
