// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns/lookups.h"
#include "providers/kit/rrset_provider.h"
#include "providers/powerdns/api.h"

namespace acmed::providers {

/// Changes records by the HTTP API of a PowerDNS server, which replaces sets as a whole and has no compare-and-swap.
class PowerDns final : public RrsetProvider {
 public:
  /// `name`: that of [provider.NAME], for sentences.
  PowerDns(const std::string& name, const config::PowerDns& configured, Loop& loop);

  Task<std::optional<Zone>> zone_of(dns::Name name) override;

  std::optional<Duration> assertion_pace() const override;
  Task<std::optional<std::string>> check_credentials() override;
  void rest() override;

 private:
  using Listing = std::optional<std::vector<PowerDnsZone>>;

  Task<std::map<dns::Name, Standing>> read(Zone zone, std::set<dns::Name> names) override;
  Task<std::set<dns::Name>> replace(Zone zone, std::vector<SetChange> sets) override;
  [[noreturn]] void throw_contended(const Zone& zone, const std::vector<dns::Name>& names) const override;

  Task<std::optional<PowerDnsZone>> find(dns::Name name);
  Task<> read_one(Zone zone, dns::Name name, TxtSet* set);
  Task<> add_disabled(Zone zone, SetChange* set);
  Task<PowerDnsAbilities> abilities();
  [[noreturn]] void throw_refused(const Zone& zone, const std::vector<SetChange>& sets, const std::string& words) const;

  PowerDnsApi api_;
  std::optional<PowerDnsAbilities> abilities_;
  bool refused_to_extend_ = false;      ///< whatever its version says
  dns::Lookups<int, Listing> listing_;  ///< of one key: there is but one listing
  dns::Lookups<dns::Name, std::optional<PowerDnsZone>> zones_;
  Semaphore looks_;
};

}  // namespace acmed::providers
