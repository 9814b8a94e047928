// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/crypto/digest.h"
#include "base/secret.h"

/// What [provider.NAME] says beside its zones, for each type of provider.
namespace acmed::config {

struct Tsig {
  std::string name;
  crypto::Digest algorithm = crypto::Digest::sha256;
  Secret secret;  ///< raw octets
};

/// type = "rfc2136"
struct Rfc2136 {
  std::string server;  ///< host name or address, with an optional port
  std::optional<Tsig> tsig;
};

struct AwsKey {
  std::string id;
  Secret secret;
  Secret session_token;  ///< empty for keys that live for ever
};

/// type = "route53"
struct Route53 {
  std::string url;             ///< http or https
  std::string sts_url;         ///< likewise
  std::string region;          ///< for which calls are signed
  std::string trust_pem;       ///< the content of `trust`; empty for the system's trust alone
  std::string hosted_zone_id;  ///< empty: it is looked up
  std::optional<AwsKey> key;   ///< none: AWS' usual chain
  std::string profile;         ///< of AWS' files; empty for the usual chain
  std::string role_arn;        ///< to be taken on; empty for none
  std::string external_id;
  std::string role_session_name;
};

using ProviderSettings = std::variant<Rfc2136, Route53>;

}  // namespace acmed::config
