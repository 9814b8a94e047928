// SPDX-License-Identifier: Apache-2.0
#include "providers/responder/responder.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/providers/responder.h"

namespace acmed::providers {
namespace {

using Outcome = dns::responder::Zones::Outcome;

std::vector<dns::Endpoint> endpoints(const std::vector<std::string>& texts) {
  std::vector<dns::Endpoint> result;
  for (const auto& text : texts) {
    if (const auto endpoint = dns::Endpoint::parse(text)) result.push_back(*endpoint);
  }
  return result;
}

dns::responder::Settings settings_of(const config::Provider& provider, const config::Responder& configured) {
  dns::responder::Settings settings;
  settings.listen = endpoints(configured.listen);
  settings.responses_per_second = configured.responses_per_second;
  for (const auto& zone : provider.zones) {
    settings.zones.push_back({dns::Name(zone), dns::Name(config::name_server_of(configured, zone)),
                              endpoints(configured.addresses), dns::Name(config::contact_of(configured, zone))});
  }
  return settings;
}

}  // namespace

void keep_wanted(NameServers& servers, const config::Config& config) {
  std::erase_if(servers, [&](const auto& server) {
    return std::ranges::none_of(config.providers, [&](const config::Provider& provider) {
      return provider.name == server.first && std::holds_alternative<config::Responder>(provider.settings);
    });
  });
}

Responder::Responder(const config::Provider& configured, const config::Responder& settings, Loop& loop,
                     NameServers& servers)
    : configured_(configured) {
  auto& server = servers[configured.name];
  if (!server) server = std::make_shared<dns::responder::NameServer>(loop, "provider " + configured.name);
  server_ = server;
  server_->configure(settings_of(configured, settings));
}

Task<std::optional<Zone>> Responder::zone_of(dns::Name name) {
  server_->listen();
  const auto apex = server_->zones().zone_of(name);
  if (apex) co_return Zone{*apex, {}};
  const auto holds = [&](const std::string& delegated) { return name.is_within(dns::Name(delegated)); };
  if (std::ranges::none_of(configured_.delegated, holds)) co_return std::nullopt;
  throw Refused("dns:no-zone",
                fmt::format("{} does not lead here: where its zone is kept, add the record {} CNAME {}.", name.text(),
                            name.with_dot(), config::alias_target(configured_, name.parent().text())));
}

Task<> Responder::apply(Zone zone, std::vector<TxtChange> changes) {
  auto& zones = server_->zones();
  std::optional<dns::Name> outside;
  std::optional<dns::Name> full;
  bool adds = false;
  for (const auto& change : changes) {
    if (change.action == Action::remove) {
      zones.remove(change.name, change.value);  // from a zone that is no longer ours as well: nobody sees it
      continue;
    }
    adds = true;
    const auto ttl = static_cast<std::uint32_t>(std::max(change.ttl, std::chrono::seconds::zero()).count());
    const auto outcome = zones.add(change.name, change.value, ttl);
    if (outcome == Outcome::not_ours) outside = change.name;
    if (outcome == Outcome::full) full = change.name;
  }
  server_->commit();
  if (adds) server_->listen();
  if (outside) {
    throw Refused("dns:NOTZONE",
                  fmt::format("{} is in none of its zones, so not in {} either", outside->text(), zone.apex.text()));
  }
  if (full) {
    throw Retry("dns:full", fmt::format("no answer in zone {} can hold one more value at {}: others must "
                                        "go first",
                                        zone.apex.text(), full->text()));
  }
  co_return;
}

Task<std::optional<std::string>> Responder::check_credentials() {
  server_->listen();
  co_return std::nullopt;
}

}  // namespace acmed::providers
