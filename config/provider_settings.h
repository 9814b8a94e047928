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

/// type = "powerdns"
struct PowerDns {
  std::string url;  ///< of the server, without "/api/v1" and a final slash
  Secret api_key;
  std::string server_id = "localhost";
  std::string trust_pem;  ///< the content of `trust`; empty for the system's trust alone
};

/// type = "rfc2136"
struct Rfc2136 {
  std::string server;  ///< host name or address, with an optional port
  std::optional<Tsig> tsig;
};

using ProviderSettings = std::variant<PowerDns, Rfc2136>;

}  // namespace acmed::config
