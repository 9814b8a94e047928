// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/event.h"
#include "base/runtime/single_flight.h"
#include "dns/lookups.h"
#include "providers/kit/rrset_provider.h"
#include "providers/powerdns/api.h"

namespace acmed::providers {

/// Changes records by the HTTP API of a PowerDNS server, which replaces sets as a whole and has no compare-and-swap.
class PowerDns final : public RrsetProvider {
 public:
  /// `name`: that of [provider.NAME], for sentences.
  /// `zones`: its zones.
  PowerDns(const std::string& name, const std::vector<std::string>& zones, const config::PowerDns& configured,
           Loop& loop);

  Task<std::optional<Zone>> zone_of(dns::Name name) override;

  /// A change whose answer does not come is looked for, and made again where it does not stand.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;
  bool publishes(dns::Type type) const override { return type == dns::Type::txt || type == dns::Type::tlsa; }

  std::optional<Duration> assertion_pace() const override;
  Task<std::optional<std::string>> check_credentials() override;
  void rest() override;

 private:
  using Listing = std::optional<std::vector<PowerDnsZone>>;

  Task<std::map<dns::Name, Standing>> read(Zone zone, std::set<dns::Name> names, dns::Type type) override;
  Task<Replaced> replace(Zone zone, std::vector<SetChange> sets) override;
  [[noreturn]] void throw_contended(const Zone& zone, const std::vector<dns::Name>& names) const override;

  Task<std::optional<PowerDnsZone>> find(dns::Name name);
  Task<> read_one(Zone zone, dns::Name name, dns::Type type, TxtSet* set);
  Task<Listing> listing();
  Task<> add_disabled(Zone zone, std::vector<SetChange>* sets);
  Task<> search_disabled(Zone zone, SetChange* set);
  void add_to(SetChange& set, TxtSet disabled) const;
  Task<PowerDnsAbilities> abilities();
  Task<PowerDnsAbilities> ask_for_abilities();
  Task<std::optional<std::string>> patch(Zone zone, std::vector<SetChange> sets);
  Refused refusal_of(const Zone& zone, const SetChange& set, const std::string& words) const;

  std::string name_;
  const Clock& clock_;
  dns::Name probe_;  ///< a zone that the server may have
  PowerDnsApi api_;
  std::optional<PowerDnsAbilities> abilities_;
  SingleFlight<PowerDnsAbilities> asking_;
  unsigned unanswered_ = 0;             ///< changes in a row
  Moment lists_again_ = Moment::min();  ///< until then the server is too slow, or too large, to list all zones
  bool told_of_disabled_ = false;
  bool refused_to_extend_ = false;      ///< whatever its version says
  dns::Lookups<int, Listing> listing_;  ///< of one key: there is but one listing
  dns::Lookups<dns::Name, std::optional<PowerDnsZone>> zones_;
  Semaphore looks_;
};

}  // namespace acmed::providers
