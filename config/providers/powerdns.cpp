// SPDX-License-Identifier: Apache-2.0
#include "config/providers/powerdns.h"

#include <algorithm>

#include "config/secrets.h"
#include "config/trust.h"

namespace acmed::config {
namespace {

constexpr Duration shortest_timeout = std::chrono::seconds(1);
constexpr Duration longest_timeout = std::chrono::minutes(10);

/// It becomes part of every URL.
bool is_plain_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

void read_powerdns(Reader& reader, Provider& provider) {
  PowerDns settings;
  reader.required("url", "where the server's API is, \"http://127.0.0.1:8081\"");
  settings.url = reader.url("url").value_or("");
  reader.required("api_key", "what the server has as api-key, { file = \"PATH\" }");
  if (auto key = read_secret(reader, "api_key")) settings.api_key = std::move(key->source);
  if (const auto id = reader.text("server_id")) {
    if (!is_plain_word(id->value)) {
      reader.fault(
          id->place, "server_id",
          in_quotes(id->value) + R"( was found, the id that the API has for the server is wanted: "localhost")");
    }
    settings.server_id = id->value;
  }
  settings.timeout = reader.duration("timeout", shortest_timeout, longest_timeout).value_or(settings.timeout);
  settings.trust_pem = read_trust(reader);
  provider.place = settings.url;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
