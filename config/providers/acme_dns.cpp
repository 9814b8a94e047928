// SPDX-License-Identifier: Apache-2.0
#include "config/providers/acme_dns.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/addresses.h"
#include "config/names.h"
#include "config/secrets.h"
#include "config/trust.h"

namespace acmed::config {
namespace {

std::vector<std::string> read_networks(Reader& reader, std::string_view key) {
  std::vector<std::string> networks;
  for (const auto& text : reader.texts(key).value_or(std::vector<Text>{})) {
    auto checked = network(text.value);
    if (!checked.good()) reader.fault(text.place, key, checked.fault);
    networks.push_back(std::move(checked.value));
  }
  return networks;
}

constexpr std::string_view given_at_registration = "what the server gave when the account was registered";

std::string read_word(Reader& reader, std::string_view key) {
  reader.required(key, given_at_registration);
  const auto given = reader.text(key);
  return given ? given->value : std::string();
}

AcmeDnsAccount read_account(Reader& reader, const std::vector<std::string>& zones) {
  AcmeDnsAccount account;
  reader.required("domain", "the domain that the account is for, \"example.com\"");
  account.domain = reader.checked("domain", zone_name).value_or("");
  reader.required("fulldomain", "the target of the domain's CNAME, as the server gave it");
  account.full_domain = reader.checked("fulldomain", zone_name).value_or("");
  account.subdomain = read_word(reader, "subdomain");
  account.user_name = read_word(reader, "username");
  reader.required("password", fmt::format("{}, {{ file = \"PATH\" }}", given_at_registration));
  if (auto password = read_secret(reader, "password")) account.password = std::move(password->source);
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
  reader.required("url", "where the server's API is, \"https://auth.example.org\"");
  settings.url = reader.url("url").value_or("");
  settings.allow_from = read_networks(reader, "allow_from");
  for (auto& table : reader.tables("accounts")) settings.accounts.push_back(read_account(table, provider.zones));
  settings.trust_pem = read_trust(reader);
  provider.place = settings.url;
  provider.settings = std::move(settings);
}

}  // namespace acmed::config
