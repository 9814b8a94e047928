// SPDX-License-Identifier: Apache-2.0
#include "config/providers.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/names.h"
#include "config/propagation.h"
#include "config/tsig.h"

namespace acmed::config {
namespace {

/// False when the rest of the table cannot be understood.
bool read_type(Reader& reader) {
  const bool given = reader.node("type") != nullptr;
  const auto type = reader.text("type");
  if (!given) reader.fault("type", "is missing; this version has type = \"rfc2136\"");
  if (!type || type->value == "rfc2136") return given && type.has_value();
  static const std::vector<std::string> planned = {"cloudflare", "route53", "exec"};
  const bool is_planned = std::find(planned.begin(), planned.end(), type->value) != planned.end();
  reader.fault(type->place, "type",
               fmt::format("{} {}; this version has \"rfc2136\" only{}", in_quotes(type->value),
                           is_planned ? "is not there yet" : "is no type of provider",
                           is_planned ? "" : did_you_mean(type->value, {"rfc2136"})));
  return false;
}

std::vector<std::string> read_zones(Reader& reader, ZonePlaces& places) {
  std::vector<std::string> zones;
  const bool present = reader.node("zones") != nullptr;
  const auto given = reader.texts("zones");
  if (!present) reader.fault("zones", "is missing: the zones whose names it serves, [\"example.com\"]");
  if (!given) return zones;
  if (given->empty()) reader.fault(reader.node("zones")->place, "zones", "the list is empty; name the zones it serves");
  for (const auto& text : *given) {
    auto zone = zone_name(text.value);
    if (!zone.good()) {
      reader.fault(text.place, "zones", zone.fault);
      continue;
    }
    const auto [first, is_new] = places.emplace(zone.value, text.place);
    if (!is_new) {
      reader.fault(text.place, "zones",
                   fmt::format("{} is named already at {}; a zone has one provider", in_quotes(zone.value),
                               first->second.text()));
    }
    zones.push_back(std::move(zone.value));
  }
  return zones;
}

}  // namespace

Provider read_provider(const std::string& name, Reader reader, ZonePlaces& zones) {
  Provider provider;
  provider.name = name;
  const bool understood = read_type(reader);
  provider.zones = read_zones(reader, zones);
  if (auto propagation = reader.table("propagation")) provider.propagation = read_propagation(*std::move(propagation));
  if (!understood) return provider;

  const bool has_server = reader.node("server") != nullptr;
  if (const auto given = reader.text("server")) {
    auto checked = server(given->value);
    if (!checked.good()) reader.fault(given->place, "server", checked.fault);
    provider.rfc2136.server = std::move(checked.value);
  }
  if (!has_server) reader.fault("server", "is missing: the primary server that takes the updates, \"ns1.example.com\"");
  provider.rfc2136.tsig = read_tsig(reader);
  reader.end();
  return provider;
}

const Provider* provider_for(const Config& config, const std::string& name) {
  const Provider* best = nullptr;
  std::size_t longest = 0;
  for (const auto& provider : config.providers) {
    for (const auto& zone : provider.zones) {
      if (!is_within(name, zone) || (best != nullptr && zone.size() <= longest)) continue;
      best = &provider;
      longest = zone.size();
    }
  }
  return best;
}

}  // namespace acmed::config
