// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "dns/responder/name_server.h"
#include "providers/provider.h"

namespace acmed::providers {

/// The name servers of this process, by provider. They live on while one configuration gives way to the next.
using NameServers = std::map<std::string, std::shared_ptr<dns::responder::NameServer>>;

/// Leaves only those that `config` still wants.
void keep_wanted(NameServers& servers, const config::Config& config);

/// Serves its zones itself: acmed is the name server, so there is nobody to be asked, and nothing that could be
/// refused.
class Responder final : public Provider {
 public:
  /// Begins to serve, as one of `servers`, which is what another Responder of that name was before.
  Responder(const config::Provider& configured, const config::Responder& settings, Loop& loop, NameServers& servers);

  /// Throws Refused ("dns:no-zone") for a name that lacks its alias into one of the zones, Retry ("listen:...") as long
  /// as not all sockets are open.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;
  /// Whether all sockets are open.
  void check_ready() override { server_->listen(); }
  Task<std::optional<std::string>> check_credentials() override;

 private:
  config::Provider configured_;
  std::shared_ptr<dns::responder::NameServer> server_;
};

}  // namespace acmed::providers
