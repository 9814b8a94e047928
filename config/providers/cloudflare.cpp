// SPDX-License-Identifier: Apache-2.0
#include "config/providers/cloudflare.h"

#include <algorithm>

#include "config/secrets.h"
#include "config/trust.h"

namespace acmed::config {
namespace {

constexpr std::string_view default_url = "https://api.cloudflare.com/client/v4";
constexpr std::size_t id_length = 32;
constexpr std::string_view blanks = " \t\r\n";

/// A token copied with blanks around it is fine; nothing else that is invalid in a header is.
Checked<Secret> token_in(const Secret& given) {
  std::string_view token = given.reveal();
  token.remove_prefix(std::min(token.find_first_not_of(blanks), token.size()));
  token = token.substr(0, token.find_last_not_of(blanks) + 1);
  const bool printable = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (token.empty() || !printable) {
    return {{}, "this is no API token: one word of letters, digits, '-' and '_' is wanted"};
  }
  return {Secret(std::string(token)), {}};
}

std::optional<SecretSource> read_token(Reader& reader, std::string_view key) {
  const auto given = read_secret(reader, key);
  if (!given) return std::nullopt;
  return checked_secret(reader, key, *given, token_in);
}

std::string read_zone_id(Reader& reader, const Provider& provider) {
  const auto given = reader.text("zone_id");
  if (!given) return {};
  auto id = given->value;
  std::transform(id.begin(), id.end(), id.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c + 32) : c; });
  if (id.size() != id_length || id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    // Not repeated, since it may be a token in the wrong place.
    reader.fault(given->place, "zone_id",
                 "this is no zone id: 32 hexadecimal digits are wanted, which the zone's overview in Cloudflare's "
                 "dashboard shows");
  } else if (provider.zones.size() != 1) {
    reader.fault(given->place, "zone_id",
                 "it is the id of one zone, so `zones` must name just that one; give each zone a provider of its own, "
                 "or leave zone_id out");
  }
  return id;
}

}  // namespace

void read_cloudflare(Reader& reader, Provider& provider) {
  Cloudflare settings;
  reader.required("token", "an API token with the permissions Zone / DNS / Edit and Zone / Zone / Read");
  settings.token = read_token(reader, "token").value_or(SecretSource());
  settings.zone_token = read_token(reader, "zone_token");
  settings.zone_id = read_zone_id(reader, provider);
  if (settings.zone_token && !settings.zone_id.empty()) {
    reader.fault("zone_token", "is of no use beside zone_id, since no zone is looked up then; leave one of them out");
  }
  settings.url = reader.url("url").value_or(std::string(default_url));
  settings.trust_pem = read_trust(reader);
  provider.place = settings.url;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
