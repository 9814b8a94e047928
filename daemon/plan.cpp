// SPDX-License-Identifier: Apache-2.0
#include "daemon/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "config/cas.h"
#include "config/challenge.h"
#include "config/names.h"
#include "config/providers/responder.h"

namespace acmed {
namespace {

std::string renewal_of(const config::Certificate& certificate) {
  if (!certificate.renew)
    return "when the CA suggests it, or when a third of its life is left, half of one below ten days";
  if (const auto* fraction = std::get_if<double>(&*certificate.renew)) {
    return fmt::format("when {:g} of its life is left", *fraction);
  }
  return fmt::format("when {} are left, or half of its life where that is less",
                     to_text(std::get<Duration>(*certificate.renew)));
}

/// Where the proof of `domain` will stand, for people; empty for dns-01, which all know.
std::string place_of_proof(const config::Certificate& certificate, const std::string& domain,
                           const KnownAccounts& accounts) {
  const auto type = certificate.challenges.front();
  if (type == config::ChallengeType::dns_01) return {};
  const auto account = accounts.find(certificate.ca);
  if (type == config::ChallengeType::dns_account_01 && account == accounts.end()) {
    return fmt::format(" by {} below {} (at which name, the account at CA {} decides, once there is one)",
                       config::name_of(type), config::challenge_parent(type, domain), certificate.ca);
  }
  const auto url = account == accounts.end() ? std::string() : account->second;
  return fmt::format(" by {} at {}", config::name_of(type), config::challenge_name(type, domain, url));
}

std::string plan_of(const config::Config& config, const config::Certificate& certificate,
                    const KnownAccounts& accounts) {
  auto plan =
      fmt::format("{}\n  names    {}\n  CA       {} ({})\n", certificate.name, fmt::join(certificate.domains, ", "),
                  certificate.ca, config.cas.at(certificate.ca).directory);
  for (const auto& ca : certificate.fallback_cas) {
    plan += fmt::format("  or CA    {} ({})\n", ca, config.cas.at(ca).directory);
  }
  plan += fmt::format("  key      {}\n",
                      certificate.key ? std::string_view(certificate.key->uri) : crypto::to_text(certificate.key_type));
  plan +=
      fmt::format("  renewal  {}{}\n",
                  certificate.delegation.empty() ? "" : "when the CA has published the next one, if it renews; else ",
                  renewal_of(certificate));
  if (!certificate.delegation.empty()) {
    plan += fmt::format(
        "  proof    none of ours: the names are delegated by their owner, {}\n",
        certificate.delegation == config::only_delegation ? "the account's only delegation" : certificate.delegation);
  }
  for (const auto& domain : certificate.domains) {
    if (!certificate.delegation.empty()) break;
    const auto type = certificate.challenges.front();
    const auto account = accounts.find(certificate.ca);
    const auto url = account == accounts.end() ? std::string() : account->second;
    const auto* provider = config::provider_for(config, config::challenge_name(type, domain, url));
    if (provider == nullptr) continue;
    plan += fmt::format("  proof    {}{} by provider {} at {}\n", domain, place_of_proof(certificate, domain, accounts),
                        provider->name, provider->place);
  }
  for (const auto& name : certificate.dane.names) {
    const auto* provider = config::provider_for(config, name);
    if (provider == nullptr) continue;
    plan += fmt::format("  TLSA     {} by provider {} at {}\n", name, provider->name, provider->place);
  }
  plan += fmt::format("  files    {}/live/{}/{}\n", config.state_directory.string(), certificate.name,
                      certificate.group ? ", the key for the group " + *certificate.group : "");
  for (const auto& target : certificate.deploy) {
    plan += fmt::format("  deploy   {}{}\n", target.name, target.directory ? " in " + target.directory->string() : "");
  }
  return plan;
}

bool is_within_any(const std::string& name, const std::vector<std::string>& zones) {
  return std::any_of(zones.begin(), zones.end(),
                     [&](const std::string& zone) { return config::is_within(name, zone); });
}

/// The records that lead the world to a responder; only those who keep the zones above can create them.
std::set<std::string> records_for(const config::Config& config, const config::Provider& provider,
                                  const config::Responder& settings, const KnownAccounts& accounts) {
  std::set<std::string> records;
  for (const auto& zone : provider.zones) {
    const auto server = config::name_server_of(settings, zone);
    records.insert(fmt::format("{}. NS {}.", zone, server));
    if (!is_within_any(server, provider.zones)) continue;
    for (const auto& address : settings.addresses) {
      records.insert(fmt::format("{}. {} {}", server, address.find(':') == std::string::npos ? "A" : "AAAA", address));
    }
  }
  for (const auto& certificate : config.certificates) {
    if (!certificate.delegation.empty()) continue;
    for (const auto& domain : certificate.domains) {
      const auto account = accounts.find(certificate.ca);
      const auto type = certificate.challenges.front();
      if (type == config::ChallengeType::dns_account_01 && account == accounts.end()) continue;
      const auto challenge =
          config::challenge_name(type, domain, account == accounts.end() ? std::string() : account->second);
      if (config::provider_for(config, challenge) != &provider || is_within_any(challenge, provider.zones)) continue;
      const auto name = domain.substr(domain.starts_with("*.") ? 2 : 0);
      records.insert(fmt::format("{}. CNAME {}.", challenge, config::alias_target(provider, name)));
    }
  }
  return records;
}

std::string plan_of(const config::Config& config, const config::Provider& provider, const config::Responder& settings,
                    const KnownAccounts& accounts) {
  auto plan = fmt::format("provider {}\n  answers  on {} for {}\n", provider.name, provider.place,
                          fmt::join(provider.zones, ", "));
  for (const auto& record : records_for(config, provider, settings, accounts))
    plan += fmt::format("  needs    {}\n", record);
  return plan;
}

}  // namespace

std::string nothing_configured(const std::filesystem::path& file) {
  return fmt::format(
      "there is no [[certificate]] yet, so nothing is kept: put your names, CA and provider into {}; "
      "/usr/share/doc/acmed/acmed.toml.example shows how",
      file.string());
}

std::vector<std::string> too_many_names(const config::Config& config) {
  std::vector<std::string> sentences;
  for (const auto& certificate : config.certificates) {
    const auto& ca = config.cas.at(certificate.ca);
    const auto profile = certificate.profile ? certificate.profile->name : ca.profile.value_or("");
    const auto most = config::most_names_at(ca.directory, profile);
    if (!most || certificate.domains.size() <= *most) continue;
    sentences.push_back(fmt::format(
        "certificate {}: it has {} names, and CA {} is known to accept {} in one certificate{}: make several of it, or "
        "choose another profile",
        certificate.name, certificate.domains.size(), ca.name, *most,
        profile.empty() ? "" : " of the profile " + profile));
  }
  return sentences;
}

std::string plan_of(const config::Config& config, const KnownAccounts& accounts) {
  auto plan = fmt::format("{}: {} certificate(s), state in {}\n", config.file.string(), config.certificates.size(),
                          config.state_directory.string());
  for (const auto& certificate : config.certificates) plan += plan_of(config, certificate, accounts);
  for (const auto& provider : config.providers) {
    const auto* settings = std::get_if<config::Responder>(&provider.settings);
    if (settings != nullptr) plan += plan_of(config, provider, *settings, accounts);
  }
  return plan;
}

}  // namespace acmed
