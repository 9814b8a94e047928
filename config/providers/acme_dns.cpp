// SPDX-License-Identifier: Apache-2.0
#include "config/providers/acme_dns.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/names.h"
#include "config/secrets.h"
#include "config/trust.h"
#include "config/urls.h"

namespace acmed::config {
namespace {

std::string read_url(Reader& reader) {
  if (reader.node("url") == nullptr) {
    reader.fault("url", "is missing: where the server's API is, \"https://auth.example.org\"");
  }
  const auto given = reader.text("url");
  if (!given) return {};
  auto checked = http_url(given->value);
  if (!checked.good()) reader.fault(given->place, "url", checked.fault);
  while (checked.value.ends_with('/')) checked.value.pop_back();
  return std::move(checked.value);
}

std::vector<std::string> read_networks(Reader& reader, std::string_view key) {
  std::vector<std::string> networks;
  for (const auto& text : reader.texts(key).value_or(std::vector<Text>{})) {
    auto checked = network(text.value);
    if (!checked.good()) reader.fault(text.place, key, checked.fault);
    networks.push_back(std::move(checked.value));
  }
  return networks;
}

/// A name of an account; empty when it is missing or at fault.
std::string read_name(Reader& reader, std::string_view key, std::string_view missing) {
  if (reader.node(key) == nullptr) reader.fault(key, missing);
  const auto given = reader.text(key);
  if (!given) return {};
  auto checked = zone_name(given->value);
  if (!checked.good()) reader.fault(given->place, key, checked.fault);
  return std::move(checked.value);
}

std::string read_word(Reader& reader, std::string_view key) {
  if (reader.node(key) == nullptr)
    reader.fault(key, "is missing: what the server gave when the account was registered");
  const auto given = reader.text(key);
  return given ? given->value : std::string();
}

AcmeDnsAccount read_account(Reader& reader, const std::vector<std::string>& zones) {
  AcmeDnsAccount account;
  account.domain = read_name(reader, "domain", "is missing: the domain that the account is for, \"example.com\"");
  account.full_domain =
      read_name(reader, "fulldomain", "is missing: the target of the domain's CNAME, as the server gave it");
  account.subdomain = read_word(reader, "subdomain");
  account.user_name = read_word(reader, "username");
  if (reader.node("password") == nullptr) {
    reader.fault("password", "is missing: what the server gave when the account was registered, { file = \"PATH\" }");
  }
  if (auto password = read_secret(reader, "password")) account.password = std::move(password->text);
  reader.end();
  const auto serves = [&](const std::string& zone) { return is_within(account.full_domain, zone); };
  if (!account.full_domain.empty() && !zones.empty() && std::ranges::none_of(zones, serves)) {
    const auto dot = account.full_domain.find('.');
    reader.fault("fulldomain",
                 fmt::format("{} is in none of the provider's zones; add the server's own domain to them, {}",
                             in_quotes(account.full_domain), in_quotes(account.full_domain.substr(dot + 1))));
  }
  return account;
}

}  // namespace

void read_acme_dns(Reader& reader, Provider& provider) {
  AcmeDns settings;
  settings.url = read_url(reader);
  settings.allow_from = read_networks(reader, "allow_from");
  for (auto& table : reader.tables("accounts")) settings.accounts.push_back(read_account(table, provider.zones));
  settings.trust_pem = read_trust(reader);
  provider.place = settings.url;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
