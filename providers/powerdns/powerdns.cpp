// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/powerdns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "providers/kit/causes.h"
#include "providers/kit/halving.h"
#include "providers/powerdns/patch.h"

namespace acmed::providers {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t looks_at_a_time = 8;  // each is a connection and a thread of the server
constexpr Duration pace_of_assertion = 2s;
constexpr Duration without_listing = 1h;
constexpr unsigned most_unanswered = 3;  // changes in a row, until a try is given up

bool is_copy(const PowerDnsZone& zone) {
  return zone.kind == "Slave" || zone.kind == "Secondary" || zone.kind == "Consumer";
}

}  // namespace

PowerDns::PowerDns(const std::string& name, const std::vector<std::string>& zones, const config::PowerDns& configured,
                   Loop& loop)
    : RrsetProvider(Writing::blind, loop.clock()),
      name_(name),
      clock_(loop.clock()),
      probe_(zones.front()),
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
  co_await abilities();  // another daemon has zones, too, and is told before any of them is looked at
  const auto list = co_await listing();
  if (!list) {
    // Many thousands of zones: each name above is asked for.
    for (auto apex = name; !apex.is_root(); apex = apex.parent()) {
      auto found = co_await zones_.get(apex, api_.zone(apex));
      if (found) co_return found;
    }
    co_return std::nullopt;
  }
  std::optional<PowerDnsZone> longest;
  for (const auto& zone : *list) {
    const bool holds = name.is_within(zone.zone.apex);
    if (holds && (!longest || zone.zone.apex.is_within(longest->zone.apex))) longest = zone;
  }
  co_return longest;
}

Task<PowerDns::Listing> PowerDns::listing() {
  if (clock_.moment() < lists_again_) co_return std::nullopt;
  auto list = co_await listing_.get(0, api_.zones());
  if (!list) lists_again_ = clock_.moment() + without_listing;
  co_return list;
}

Task<PowerDnsAbilities> PowerDns::abilities() {
  if (abilities_) co_return *abilities_;
  co_return co_await asking_.join(ask_for_abilities());
}

Task<PowerDnsAbilities> PowerDns::ask_for_abilities() {
  const auto found = co_await api_.abilities();
  abilities_ = found;
  co_return found;
}

Task<> PowerDns::apply(Zone zone, std::vector<TxtChange> changes) {
  std::exception_ptr denied;
  try {
    co_return co_await RrsetProvider::apply(zone, std::move(changes));
  } catch (const Refused& error) {
    if (error.cause() != cause::of_status(401) && error.cause() != cause::of_status(403)) throw;
    denied = std::current_exception();
  }
  // A key for single zones may have lost this one, and is good for the list of those that it has.
  const auto found = co_await api_.zone(zone.apex);
  if (found) std::rethrow_exception(denied);
  throw Refused(cause::zone_gone, fmt::format("{} has no zone {} any more, or the api_key of [provider.{}] may not see "
                                              "it: create it there, or take it out of zones",
                                              api_.opening(), zone.apex.text(), name_));
}

Task<std::map<dns::Name, Standing>> PowerDns::read(Zone zone, std::set<dns::Name> names, dns::Type type) {
  std::map<dns::Name, Standing> standing;
  std::vector<Task<>> looks;
  for (const auto& name : names) looks.push_back(read_one(zone, name, type, &standing[name].set));
  co_await when_all(std::move(looks));
  co_return standing;
}

Task<> PowerDns::read_one(Zone zone, dns::Name name, dns::Type type, TxtSet* set) {
  const auto permit = co_await looks_.acquire();
  *set = co_await api_.set(std::move(zone), std::move(name), type);
}

/// One PATCH for all, and more only where the server refuses some of them.
Task<PowerDns::Replaced> PowerDns::replace(Zone zone, std::vector<SetChange> sets) {
  const auto can = co_await abilities();
  if (!can.shows_disabled) co_await add_disabled(zone, &sets);
  const auto send = [this, zone](std::vector<SetChange> some) { return patch(zone, std::move(some)); };
  const auto refused = co_await send_by_halves<std::string>(std::move(sets), send);
  Replaced replaced;
  for (const auto& [set, words] : refused) replaced.refused.emplace(set.name, refusal_of(zone, set, words));
  co_return replaced;
}

/// Gives the server's words when it refuses.
Task<std::optional<std::string>> PowerDns::patch(Zone zone, std::vector<SetChange> sets) {
  const auto can = co_await abilities();
  const bool extends = can.extends && !refused_to_extend_;
  json::Array rrsets;
  for (const auto& set : sets) append_patch(rrsets, set, extends);
  std::optional<std::string> refused;
  try {
    refused = co_await api_.patch(zone, std::move(rrsets));
    unanswered_ = 0;
  } catch (const Retry& error) {
    // A large signed zone takes its time. Whether the change was made, the next look tells.
    if (!error.cause().starts_with(cause::of_transport) || ++unanswered_ >= most_unanswered) throw;
    log::info(fmt::format("provider {}: {}; looks whether the change was made", name_, error.what()),
              {{"ACMED_PROVIDER", name_}});
  }
  if (!refused || !extends) co_return refused;
  // It may have no EXTEND after all, or another's record of another TTL may stand there by now: the next look at the
  // set and its replacement tell.
  refused_to_extend_ = true;
  co_return std::nullopt;
}

Task<> PowerDns::add_disabled(Zone zone, std::vector<SetChange>* sets) {
  const bool searches = co_await api_.searches(zone);
  if (searches) {
    std::vector<Task<>> looks;
    for (auto& set : *sets) looks.push_back(search_disabled(zone, &set));
    co_return co_await when_all(std::move(looks));
  }
  auto disabled = co_await api_.disabled_sets(zone, sets->front().type);
  if (!disabled) {
    if (std::exchange(told_of_disabled_, true)) co_return;
    co_return log::warning(
        fmt::format("provider {}: {} does not let disabled records of zone {} be searched, and the zone is too "
                    "large to be read: those at the names that acmed changes are not kept. Version 5.0 shows them",
                    name_, api_.opening(), zone.apex.text()),
        {{"ACMED_PROVIDER", name_}});
  }
  for (auto& set : *sets) {
    if (const auto found = disabled->find(set.name); found != disabled->end()) add_to(set, std::move(found->second));
  }
}

Task<> PowerDns::search_disabled(Zone zone, SetChange* set) {
  const auto permit = co_await looks_.acquire();
  auto disabled = co_await api_.disabled_set(std::move(zone), set->name, set->type);
  add_to(*set, std::move(disabled));
}

void PowerDns::add_to(SetChange& set, TxtSet disabled) const {
  auto& before = set.before;
  if (!before.ttl) before.ttl = disabled.ttl;
  for (auto& record : disabled.records) {
    if (std::ranges::find(before.records, record) == before.records.end()) before.records.push_back(std::move(record));
  }
  set.after = changed(before, set.changes);
}

void PowerDns::throw_contended(const Zone& zone, const std::vector<dns::Name>&) const {
  throw Retry("powerdns:contended",
              fmt::format("{}: others keep undoing what is changed in zone {}: look at who else writes the records "
                          "of the same names there",
                          api_.opening(), zone.apex.text()));
}

Refused PowerDns::refusal_of(const Zone& zone, const SetChange& set, const std::string& words) const {
  return {"powerdns:refused",
          fmt::format("{} refuses to change {} at {} in zone {}: {}{}", api_.opening(), type_text(set.type),
                      set.name.text(), zone.apex.text(), words,
                      words.find("Conflicts") == std::string::npos
                          ? ""
                          : ". A CNAME stands there: the value belongs at its target. If the public DNS has no such "
                            "CNAME, this server's zone differs from it")};
}

std::optional<Duration> PowerDns::assertion_pace() const {
  return pace_of_assertion;
}

Task<std::optional<std::string>> PowerDns::check_credentials() {
  const auto can = co_await api_.abilities();
  // A key that may not ask for the version is good where it may look at zones.
  if (!can.told) co_await api_.zone(probe_);
  co_return std::nullopt;
}

void PowerDns::rest() {
  api_.rest();
  abilities_.reset();
  refused_to_extend_ = false;
}

}  // namespace acmed::providers
