// SPDX-License-Identifier: Apache-2.0
#include "config/providers.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/acme_dns.h"
#include "config/names.h"
#include "config/powerdns.h"
#include "config/propagation.h"
#include "config/rfc2136.h"

namespace acmed::config {
namespace {

/// Reads what is special to one type of provider, its zones having been read.
using ReadSettings = void (*)(Reader& reader, Provider& provider);

const std::vector<std::pair<std::string, ReadSettings>>& types() {
  static const std::vector<std::pair<std::string, ReadSettings>> list = {
      {"acme-dns", read_acme_dns}, {"powerdns", read_powerdns}, {"rfc2136", read_rfc2136}};
  return list;
}

/// Nothing when the rest of the table cannot be understood.
std::optional<ReadSettings> read_type(Reader& reader) {
  if (reader.node("type") == nullptr) reader.fault("type", "is missing: the type of provider, such as \"rfc2136\"");
  return reader.choice("type", types());
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
  const auto read_settings = read_type(reader);
  provider.zones = read_zones(reader, zones);
  if (auto propagation = reader.table("propagation")) provider.propagation = read_propagation(*std::move(propagation));
  if (!read_settings) return provider;
  (*read_settings)(reader, provider);
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
