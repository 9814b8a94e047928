// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/powerdns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "providers/kit/name_list.h"

namespace acmed::providers {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t looks_at_a_time = 8;  // each is a connection and a thread of the server
constexpr int most_looks = 20;              // of one apply(), when others undo what it did
// How many times longer than our own read and write another's may take.
constexpr int patience_for_others = 4;
constexpr Duration shortest_settling = 250ms;  // after a write
constexpr Duration last_settling = 1s;         // after a look that found a removal done
constexpr Duration longest_settling = 5s;
constexpr Duration pace_of_assertion = 2s;

bool is_copy(const PowerDnsZone& zone) {
  return zone.kind == "Slave" || zone.kind == "Secondary" || zone.kind == "Consumer";
}

}  // namespace

PowerDns::PowerDns(const std::string& name, const config::PowerDns& configured, Loop& loop)
    : clock_(loop.clock()),
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

Task<> PowerDns::apply(Zone zone, std::vector<TxtChange> changes) {
  const bool removes =
      std::ranges::any_of(changes, [](const TxtChange& change) { return change.action == Action::remove; });
  // What another read before it was removed may still come back, later than one thinks when the server is busy; what is
  // to be added was never there for others to undo.
  const int looks_wanted = removes ? 2 : 1;
  int looks_in_a_row = 0;
  for (int i = 0; i < most_looks; ++i) {
    const auto began = clock_.moment();
    const bool wrote = co_await write(zone, changes);
    looks_in_a_row = wrote ? 0 : looks_in_a_row + 1;
    if (looks_in_a_row == looks_wanted) co_return;
    const auto took = clock_.moment() - began;
    co_await sleep_for(
        std::clamp(patience_for_others * took, wrote ? shortest_settling : last_settling, longest_settling));
  }
  throw Retry("powerdns:contended",
              fmt::format("{}: others keep undoing what is changed in zone {}: look at who else writes the TXT records "
                          "of the same names there",
                          api_.opening(), zone.apex.text()));
}

/// Makes what is not yet made of `changes`; false when all is.
Task<bool> PowerDns::write(Zone zone, std::vector<TxtChange> changes) {
  std::set<dns::Name> names;
  for (const auto& change : changes) names.insert(change.name);
  auto before = co_await read(zone, std::move(names));
  auto after = before;
  for (const auto& change : changes) after[change.name].make(change);
  std::erase_if(before, [&](const auto& set) { return after.at(set.first) == set.second; });
  if (before.empty()) co_return false;

  const auto can = co_await abilities();
  if (!can.shows_disabled) co_await add_disabled(zone, &before);
  after = before;
  for (const auto& change : changes) {
    if (const auto set = after.find(change.name); set != after.end()) set->second.make(change);
  }
  co_await patch(zone, std::move(before), std::move(after), can.extends && !refused_to_extend_);
  co_return true;
}

Task<PowerDnsAbilities> PowerDns::abilities() {
  if (abilities_) co_return *abilities_;
  const auto found = co_await api_.abilities();
  abilities_ = found;
  co_return found;
}

Task<PowerDns::Sets> PowerDns::read(Zone zone, std::set<dns::Name> names) {
  Sets sets;
  std::vector<Task<>> looks;
  for (const auto& name : names) looks.push_back(read_one(zone, name, &sets[name]));
  co_await when_all(std::move(looks));
  co_return sets;
}

Task<> PowerDns::read_one(Zone zone, dns::Name name, PowerDnsTxtSet* set) {
  const auto permit = co_await looks_.acquire();
  *set = co_await api_.txt_set(std::move(zone), std::move(name));
}

Task<> PowerDns::add_disabled(Zone zone, Sets* sets) {
  std::vector<Task<>> looks;
  for (auto& [name, set] : *sets) looks.push_back(add_disabled_at(zone, name, &set));
  co_await when_all(std::move(looks));
}

Task<> PowerDns::add_disabled_at(Zone zone, dns::Name name, PowerDnsTxtSet* set) {
  const auto permit = co_await looks_.acquire();
  auto disabled = co_await api_.disabled_txt_set(std::move(zone), std::move(name));
  if (!set->ttl) set->ttl = disabled.ttl;
  for (auto& record : disabled.records) {
    if (std::ranges::find(set->records, record) == set->records.end()) set->records.push_back(std::move(record));
  }
}

Task<> PowerDns::patch(Zone zone, Sets before, Sets after, bool extends) {
  json::Array rrsets;
  for (const auto& [name, set] : before) {
    auto elements = patch_of(name, set, after.at(name), extends);
    std::ranges::move(elements, std::back_inserter(rrsets));
  }
  const auto refused = co_await api_.patch(zone, std::move(rrsets));
  if (!refused) co_return;
  if (!extends) throw_refused(zone, after, *refused);
  // It may have no EXTEND after all, or another's record of another TTL may stand there by now: the next look at the
  // set and its replacement tell.
  refused_to_extend_ = true;
}

void PowerDns::throw_refused(const Zone& zone, const Sets& sets, const std::string& words) const {
  std::vector<dns::Name> names;
  for (const auto& [name, set] : sets) names.push_back(name);
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
