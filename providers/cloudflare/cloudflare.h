// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "config/config.h"
#include "providers/cloudflare/api.h"
#include "providers/cloudflare/records.h"
#include "providers/cloudflare/zones.h"
#include "providers/provider.h"

namespace acmed::providers {

/// Changes records at Cloudflare by its API v4, with a token that may do no more than that.
class Cloudflare final : public Provider {
 public:
  /// `name`: that of [provider.NAME], for sentences. `zones`: its zones.
  Cloudflare(const std::string& name, const std::vector<std::string>& zones, const config::Cloudflare& configured,
             Loop& loop);

  /// The longest of the active zones that the token may read; with a fixed zone id, that zone, without a call.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;

  /// One call for all changes as a rule. When Cloudflare refuses some of them, all others are made before this throws.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;

  /// Warns of a token that will soon expire or that is good no longer; throws Refused for one that can do nothing.
  Task<std::optional<std::string>> check_credentials() override;

  void rest() override;

 private:
  Task<std::optional<Zone>> successor_of(Zone zone);
  Task<> prove_by_use();

  const Clock& clock_;
  dns::Name probe_;  ///< a name that must be in one of the zones
  std::optional<Zone> fixed_zone_;
  http::Client http_;
  cloudflare::Api api_;
  std::optional<cloudflare::Api> zone_api_;  ///< for looking zones up, where that has a token of its own
  cloudflare::Zones zones_;
  cloudflare::Records records_;
};

}  // namespace acmed::providers
