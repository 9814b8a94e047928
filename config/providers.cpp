// SPDX-License-Identifier: Apache-2.0
#include "config/providers.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/names.h"
#include "config/propagation.h"
#include "config/providers/acme_dns.h"
#include "config/providers/cloudflare.h"
#include "config/providers/exec.h"
#include "config/providers/lego.h"
#include "config/providers/powerdns.h"
#include "config/providers/responder.h"
#include "config/providers/rfc2136.h"
#include "config/providers/route53.h"

namespace acmed::config {
namespace {

/// Reads what is specific to one type of provider, once its zones have been read.
using ReadSettings = void (*)(Reader& reader, Provider& provider);

const std::vector<std::pair<std::string, ReadSettings>>& types() {
  static const std::vector<std::pair<std::string, ReadSettings>> list = {
      {"acme-dns", read_acme_dns},   {"cloudflare", read_cloudflare},     {"exec", read_exec},
      {"lego-exec", read_lego_exec}, {"lego-httpreq", read_lego_httpreq}, {"powerdns", read_powerdns},
      {"responder", read_responder}, {"rfc2136", read_rfc2136},           {"route53", read_route53},
  };
  return list;
}

/// Nothing when the rest of the table cannot be interpreted.
std::optional<ReadSettings> read_type(Reader& reader) {
  reader.required("type", "the type of provider, such as \"rfc2136\"");
  return reader.choice("type", types());
}

std::vector<std::string> read_names(Reader& reader, std::string_view key, ZonePlaces& places) {
  std::vector<std::string> names;
  const auto given = reader.texts(key);
  if (!given) return names;
  if (given->empty()) reader.fault(reader.node(key)->place, key, "the list is empty; name the zones it serves");
  for (const auto& text : *given) {
    auto name = zone_name(text.value);
    if (!name.good()) {
      reader.fault(text.place, key, name.fault);
      continue;
    }
    const auto [first, is_new] = places.emplace(name.value, text.place);
    if (!is_new) {
      reader.fault(text.place, key,
                   fmt::format("{} is named already at {}; a zone has one provider", in_quotes(name.value),
                               first->second.text()));
    }
    names.push_back(std::move(name.value));
  }
  return names;
}

}  // namespace

Provider read_provider(const std::string& name, Reader reader, ZonePlaces& zones) {
  Provider provider;
  provider.name = name;
  const auto read_settings = read_type(reader);
  reader.required("zones", "the zones whose names it serves, [\"example.com\"]");
  provider.zones = read_names(reader, "zones", zones);
  provider.delegated = read_names(reader, "delegated", zones);
  if (auto propagation = reader.table("propagation")) provider.propagation = read_propagation(*std::move(propagation));
  if (!read_settings) return provider;
  provider.type = reader.text("type")->value;
  (*read_settings)(reader, provider);
  reader.end();
  return provider;
}

void add_routes(Routes& routes, const Provider& provider) {
  const bool only_challenges =
      std::holds_alternative<AcmeDns>(provider.settings) || std::holds_alternative<Responder>(provider.settings);
  for (const auto& zone : provider.zones) routes.add({zone, provider.name, false, only_challenges});
  for (const auto& zone : provider.delegated) routes.add({zone, provider.name, true, false});
}

const Provider* provider_for(const Config& config, const std::string& name) {
  const auto* route = config.routes.find(name);
  if (route == nullptr) return nullptr;
  return &*std::ranges::find(config.providers, route->provider, &Provider::name);
}

}  // namespace acmed::config
