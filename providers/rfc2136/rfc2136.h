// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "dns/discovery.h"
#include "dns/exchange.h"
#include "dns/lookups.h"
#include "dns/tsig.h"
#include "providers/provider.h"
#include "providers/rfc2136/refusal.h"

namespace acmed::providers {

/// The changes at one name, in their order.
using AtName = std::vector<TxtChange>;

/// Changes records by dynamic update (RFC 2136), signed by TSIG (RFC 8945). The zone is what the configured server says
/// it serves, so that hidden primaries and views are found.
class Rfc2136 final : public Provider {
 public:
  /// `name`: that of [provider.NAME], for sentences. `discovery` finds the server's addresses when it is a host name;
  /// it must outlive this.
  Rfc2136(const std::string& name, const config::Rfc2136& configured, const Loop& loop, dns::Discovery& discovery);

  /// Asks the server itself, and signs the question, since a view may depend on the key.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;

  /// One message for all changes when they fit. When the server refuses some names, all others are changed before this
  /// throws.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;

 private:
  /// How one message is sent, and how long its answer may take.
  struct Attempt {
    bool tcp = false;
    Duration wait{};
  };

  Task<std::vector<dns::Endpoint>> addresses();
  Task<std::optional<Zone>> find_zone(dns::Name name);
  Task<std::optional<dns::TsigKey>> key();
  Task<dns::Reply> ask_for_soa(dns::Endpoint server, dns::Name name);
  Task<std::optional<dns::Rcode>> change(dns::Name zone, std::vector<AtName> names);
  Task<dns::Rcode> update(dns::Name zone, std::vector<TxtChange> changes);
  Task<dns::Reply> send(dns::Endpoint server, dns::Name zone, std::vector<TxtChange> changes, Attempt attempt);

  const Clock& clock_;
  dns::Discovery& discovery_;
  Parties parties_;
  std::optional<dns::Endpoint> endpoint_;  ///< none when host_ is to be looked up
  dns::Name host_;
  std::uint16_t port_ = dns::dns_port;
  std::optional<dns::TsigKey> key_;  ///< as used last
  SecretSource key_secret_;
  dns::Lookups<dns::Name, std::optional<Zone>> zones_;
  dns::Lookups<dns::Name, std::optional<Zone>> zones_of_parents_;  ///< by the name above those asked for
};

}  // namespace acmed::providers
