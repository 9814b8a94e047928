// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/crypto/digest.h"
#include "base/secret.h"

/// What [provider.NAME] says beside its zones, for each type of provider.
namespace acmed::config {

struct Tsig {
  std::string name;
  crypto::Digest algorithm = crypto::Digest::sha256;
  Secret secret;  ///< raw octets
};

/// An account at an acme-dns server: it may change the TXT values at one name.
struct AcmeDnsAccount {
  std::string domain;       ///< whose challenges it is for
  std::string full_domain;  ///< where the values stand; the domain's challenge name is an alias to it
  std::string subdomain;
  std::string user_name;
  Secret password;
};

/// type = "acme-dns"
struct AcmeDns {
  std::string url;                       ///< without a final slash
  std::vector<std::string> allow_from;   ///< networks that may use the accounts to be registered; empty for all
  std::vector<AcmeDnsAccount> accounts;  ///< registered by other means
  std::string trust_pem;                 ///< the content of `trust`; empty for the system's trust alone
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

using ProviderSettings = std::variant<AcmeDns, PowerDns, Rfc2136>;

}  // namespace acmed::config
