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

/// type = "cloudflare"
struct Cloudflare {
  Secret token;
  std::optional<Secret> zone_token;  ///< for looking zones up; none: `token` does that too
  std::string zone_id;               ///< of the provider's only zone; empty: it is looked up
  std::string url;                   ///< of the API, without a final "/"
  std::string trust_pem;             ///< the content of `trust`; empty for the system's trust alone
};

/// type = "rfc2136"
struct Rfc2136 {
  std::string server;  ///< host name or address, with an optional port
  std::optional<Tsig> tsig;
};

using ProviderSettings = std::variant<Cloudflare, Rfc2136>;

}  // namespace acmed::config
