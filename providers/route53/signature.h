// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "providers/route53/credentials.h"

/// AWS Signature Version 4.
namespace acmed::providers::route53 {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A request to a service of AWS, before it is signed.
struct Call {
  std::string method;
  std::string path;  ///< as it is sent: percent-encoded
  Pairs query{};     ///< not encoded
  Pairs headers{};   ///< names in lower case; all are signed
  std::string body{};
  std::vector<Secret> secrets{};  ///< in what is sent: answers that repeat them are not shown with them
};

/// Where a signature is valid.
struct SignatureScope {
  std::string region;
  std::string service;
};

/// The query of the URL, sorted: what is sent is what is signed.
std::string query_text(const Pairs& query);

/// What the signature is over, as its steps make it: the first of them.
std::string canonical_request(const Call& call);

/// The key that signs for a day ("20150830") and a scope; raw octets.
std::string signing_key(const Secret& secret_key, const std::string& day, const SignatureScope& scope);

/// Adds to `call`, whose headers have its `host`, the time, the session token if there is one, and the signature.
void sign(Call& call, const Credentials& by, const SignatureScope& scope, Time now);

}  // namespace acmed::providers::route53
