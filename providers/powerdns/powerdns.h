// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns/lookups.h"
#include "providers/powerdns/api.h"
#include "providers/provider.h"

namespace acmed::providers {

/// Changes records by the HTTP API of a PowerDNS server.
///
/// The API replaces the TXT records of a name as a whole and has no compare-and-swap: of two writers that read at the
/// same time, the later undoes what the earlier did. So each write is looked at again after longer than another's read
/// and write take, and made again until it stands; whoever reads after that has it in what they write.
class PowerDns final : public Provider {
 public:
  /// `name`: that of [provider.NAME], for sentences.
  PowerDns(const std::string& name, const config::PowerDns& configured, Loop& loop);

  Task<std::optional<Zone>> zone_of(dns::Name name) override;

  /// One PATCH for all changes, and more only when another writer undid some.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;

  std::optional<Duration> assertion_pace() const override;
  Task<std::optional<std::string>> check_credentials() override;
  void rest() override;

 private:
  using Sets = std::map<dns::Name, PowerDnsTxtSet>;
  using Listing = std::optional<std::vector<PowerDnsZone>>;

  Task<std::optional<PowerDnsZone>> find(dns::Name name);
  Task<Sets> read(Zone zone, std::set<dns::Name> names);
  Task<> read_one(Zone zone, dns::Name name, PowerDnsTxtSet* set);
  Task<> add_disabled(Zone zone, Sets* sets);
  Task<> add_disabled_at(Zone zone, dns::Name name, PowerDnsTxtSet* set);
  Task<bool> write(Zone zone, std::vector<TxtChange> changes);
  Task<PowerDnsAbilities> abilities();
  Task<> patch(Zone zone, Sets before, Sets after, bool extends);
  [[noreturn]] void throw_refused(const Zone& zone, const Sets& sets, const std::string& words) const;

  const Clock& clock_;
  PowerDnsApi api_;
  std::optional<PowerDnsAbilities> abilities_;
  bool refused_to_extend_ = false;      ///< whatever its version says
  dns::Lookups<int, Listing> listing_;  ///< of one key: there is but one listing
  dns::Lookups<dns::Name, std::optional<PowerDnsZone>> zones_;
  Semaphore looks_;
};

}  // namespace acmed::providers
