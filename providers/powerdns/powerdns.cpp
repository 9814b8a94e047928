// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/powerdns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/scope.h"
#include "providers/kit/name_list.h"
#include "providers/powerdns/patch.h"

namespace acmed::providers {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t looks_at_a_time = 8;  // each is a connection and a thread of the server
constexpr Duration pace_of_assertion = 2s;

bool is_copy(const PowerDnsZone& zone) {
  return zone.kind == "Slave" || zone.kind == "Secondary" || zone.kind == "Consumer";
}

}  // namespace

PowerDns::PowerDns(const std::string& name, const config::PowerDns& configured, Loop& loop)
    : RrsetProvider(Writing::blind, loop.clock()),
      api_(name, configured, loop),
      listing_(loop.clock()),
      zones_(loop.clock()),
      looks_(looks_at_a_time) {}

Task<std::optional<Zone>> PowerDns::zone_of(dns::Name name) {
  const auto found = co_await find(name);
  if (!found) co_return std::nullopt;
  if (is_copy(*found)) {
    throw Refused("powerdns:secondary",
                  fmt::format("{} holds zone {} only as a copy ({}): name the API of its primary as url",
                              api_.opening(), found->zone.apex.text(), found->kind));
  }
  co_return found->zone;
}

Task<std::optional<PowerDnsZone>> PowerDns::find(dns::Name name) {
  const auto listing = co_await listing_.get(0, api_.zones());
  if (!listing) {
    // Many thousands of zones: each name above is asked for.
    for (auto apex = name; !apex.is_root(); apex = apex.parent()) {
      auto found = co_await zones_.get(apex, api_.zone(apex));
      if (found) co_return found;
    }
    co_return std::nullopt;
  }
  std::optional<PowerDnsZone> longest;
  for (const auto& zone : *listing) {
    const bool holds = name.is_within(zone.zone.apex);
    if (holds && (!longest || zone.zone.apex.is_within(longest->zone.apex))) longest = zone;
  }
  co_return longest;
}

Task<PowerDnsAbilities> PowerDns::abilities() {
  if (abilities_) co_return *abilities_;
  const auto found = co_await api_.abilities();
  abilities_ = found;
  co_return found;
}

Task<std::map<dns::Name, Standing>> PowerDns::read(Zone zone, std::set<dns::Name> names) {
  std::map<dns::Name, Standing> standing;
  std::vector<Task<>> looks;
  for (const auto& name : names) looks.push_back(read_one(zone, name, &standing[name].set));
  co_await when_all(std::move(looks));
  co_return standing;
}

Task<> PowerDns::read_one(Zone zone, dns::Name name, TxtSet* set) {
  const auto permit = co_await looks_.acquire();
  *set = co_await api_.txt_set(std::move(zone), std::move(name));
}

/// One PATCH for all.
Task<std::set<dns::Name>> PowerDns::replace(Zone zone, std::vector<SetChange> sets) {
  const auto can = co_await abilities();
  if (!can.shows_disabled) {
    std::vector<Task<>> looks;
    for (auto& set : sets) looks.push_back(add_disabled(zone, &set));
    co_await when_all(std::move(looks));
  }
  const bool extends = can.extends && !refused_to_extend_;
  json::Array rrsets;
  for (const auto& set : sets) append_patch(rrsets, set, extends);
  const auto refused = co_await api_.patch(zone, std::move(rrsets));
  if (refused && !extends) throw_refused(zone, sets, *refused);
  // It may have no EXTEND after all, or another's record of another TTL may stand there by now: the next look at the
  // set and its replacement tell.
  if (refused) refused_to_extend_ = true;
  co_return std::set<dns::Name>{};
}

Task<> PowerDns::add_disabled(Zone zone, SetChange* set) {
  const auto permit = co_await looks_.acquire();
  auto disabled = co_await api_.disabled_txt_set(std::move(zone), set->name);
  auto& before = set->before;
  if (!before.ttl) before.ttl = disabled.ttl;
  for (auto& record : disabled.records) {
    if (std::ranges::find(before.records, record) == before.records.end()) before.records.push_back(std::move(record));
  }
  set->after = changed(before, set->changes);
}

void PowerDns::throw_contended(const Zone& zone, const std::vector<dns::Name>&) const {
  throw Retry("powerdns:contended",
              fmt::format("{}: others keep undoing what is changed in zone {}: look at who else writes the TXT records "
                          "of the same names there",
                          api_.opening(), zone.apex.text()));
}

void PowerDns::throw_refused(const Zone& zone, const std::vector<SetChange>& sets, const std::string& words) const {
  std::vector<dns::Name> names;
  for (const auto& set : sets) names.push_back(set.name);
  throw Refused(
      "powerdns:refused",
      fmt::format("{} refuses to change TXT at {} in zone {}: {}{}", api_.opening(), list_names(names),
                  zone.apex.text(), words,
                  words.find("Conflicts") == std::string::npos
                      ? ""
                      : ". A CNAME stands there: the value belongs at its target. If the public DNS has no such "
                        "CNAME, this server's zone differs from it"));
}

std::optional<Duration> PowerDns::assertion_pace() const {
  return pace_of_assertion;
}

Task<std::optional<std::string>> PowerDns::check_credentials() {
  co_await api_.abilities();
  co_return std::nullopt;
}

void PowerDns::rest() {
  api_.rest();
  abilities_.reset();
  refused_to_extend_ = false;
}

}  // namespace acmed::providers
