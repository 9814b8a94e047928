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

/// type = "rfc2136"
struct Rfc2136 {
  std::string server;  ///< host name or address, with an optional port
  std::optional<Tsig> tsig;
};

/// type = "responder": acmed itself answers for the provider's zones.
struct Responder {
  std::vector<std::string> listen;         ///< addresses with optional ports; none: sockets of the service manager
  std::optional<std::string> name_server;  ///< none: ns.ZONE
  std::vector<std::string> addresses;      ///< of the name server, for those of its names that are in a zone of ours
  std::optional<std::string> contact;      ///< a mailbox as a domain name; none: hostmaster.ZONE
  unsigned responses_per_second = 100;     ///< to one network; 0: as many as it wants
};

using ProviderSettings = std::variant<Responder, Rfc2136>;

}  // namespace acmed::config
