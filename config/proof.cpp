// SPDX-License-Identifier: Apache-2.0
#include "config/proof.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/names.h"

namespace acmed::config {
namespace {

using enum ChallengeType;

constexpr std::size_t longest_name = 253;  // in text form (RFC 1035 §2.3.4)
constexpr Duration shortest_persistence = std::chrono::hours(24);
constexpr Duration longest_persistence = std::chrono::hours(24 * 366 * 10);

/// Why the provider answers no other challenges than dns-01; empty when it does.
std::string fault_of_provider(const Provider& provider, ChallengeType type) {
  if (type == dns_01) return {};
  const auto mend = fmt::format("set challenge = \"dns-01\", or let a provider of another type serve the name");
  if (std::holds_alternative<AcmeDns>(provider.settings)) {
    return fmt::format(
        "provider {} (acme-dns) keeps its values at one fixed name, to which the name for dns-01 alone is an alias, so "
        "it cannot answer {}: {}",
        provider.name, name_of(type), mend);
  }
  const auto* exec = std::get_if<LegoExec>(&provider.settings);
  const auto* httpreq = std::get_if<LegoHttpreq>(&provider.settings);
  if ((exec != nullptr && exec->mode == LegoMode::raw) || (httpreq != nullptr && httpreq->mode == LegoMode::raw)) {
    return fmt::format(
        "provider {} has mode = \"raw\", in which the other side computes the record of dns-01 by itself, so it cannot "
        "answer {}: leave `mode` out, or {}",
        provider.name, name_of(type), mend);
  }
  return {};
}

/// Whether an operator's zone begins below `parent`, at the names of accounts.
bool is_delegated_below(const std::string& parent, const Config& config) {
  return std::ranges::any_of(config.providers, [&parent](const Provider& provider) {
    return std::ranges::any_of(provider.zones, [&](const std::string& zone) { return is_within(zone, parent); });
  });
}

std::string fault_of(ChallengeType type, const std::string& name, const Config& config) {
  const auto parent = challenge_parent(type, name);
  static const auto size_of_account = account_label({}).size() + 1;  // whatever the account
  const auto size = parent.size() + (type == dns_account_01 ? size_of_account : 0);
  if (size > longest_name) {
    return fmt::format("{} is too long for {}: its proof would stand at a name of {} octets, {} are allowed",
                       in_quotes(name), name_of(type), size, longest_name);
  }
  const auto* provider = provider_for(config, parent);
  if (provider != nullptr) {
    const auto fault = fault_of_provider(*provider, type);
    return fault.empty() ? fault : fmt::format("{}: {}", in_quotes(name), fault);
  }
  if (type == dns_account_01 && is_delegated_below(parent, config)) return {};
  std::vector<std::string> zones;
  for (const auto& each : config.providers) zones.insert(zones.end(), each.zones.begin(), each.zones.end());
  if (zones.empty()) return in_quotes(name) + " is served by no provider; add a [provider.NAME] with its zone";
  std::sort(zones.begin(), zones.end());
  const auto where = type == dns_persist_01 ? fmt::format(" ({} is where {} proves it)", parent, name_of(type)) : "";
  return fmt::format("{} is served by no provider{}; there are the zones {}", in_quotes(name), where,
                     listed(zones, "and"));
}

}  // namespace

Challenges usual_challenges() {
  return {dns_01, dns_account_01, dns_persist_01};
}

std::optional<Challenges> read_challenges(Reader& reader) {
  static const std::vector<std::pair<std::string, Challenges>> words = {
      {"dns-01", {dns_01}},
      {"dns-account-01", {dns_account_01}},
      {"dns-persist-01", {dns_persist_01}},
      // With a record that stays a renewal needs no change of the DNS; dns-01 is what others know best.
      {"auto", {dns_persist_01, dns_01, dns_account_01}}};
  const auto* node = reader.node("challenge");
  const auto* word = node == nullptr ? nullptr : node->as<std::string>();
  if (word != nullptr && (*word == "http-01" || *word == "tls-alpn-01")) {
    reader.fault(node->place, "challenge",
                 fmt::format("acmed opens no port to the world, so it does not answer {}; choose \"dns-01\", or let a "
                             "web server's own client get this certificate",
                             *word));
    return std::nullopt;
  }
  return reader.choice("challenge", words);
}

std::optional<PersistFor> read_persist_for(Reader& reader) {
  const auto* node = reader.node("persist_for");
  const auto* challenge = reader.node("challenge");
  const auto* chosen = challenge == nullptr ? nullptr : challenge->as<std::string>();
  const bool has_token = chosen != nullptr && (*chosen == name_of(dns_01) || *chosen == name_of(dns_account_01));
  // Among the defaults it may be for certificates that choose another one.
  if (node != nullptr && has_token && reader.path() != "defaults") {
    reader.fault(node->place, "persist_for",
                 fmt::format("is about records of dns-persist-01, and challenge is {} here; leave one of the two out",
                             in_quotes(*chosen)));
  }
  const auto* word = node == nullptr ? nullptr : node->as<std::string>();
  if (word != nullptr && *word == "forever") return PersistFor();
  if (const auto given = reader.duration("persist_for", shortest_persistence, longest_persistence)) {
    return PersistFor(*given);
  }
  return std::nullopt;
}

std::string fault_of_proof(const std::string& name, const Challenges& challenges, const Config& config) {
  std::string first;
  for (const auto type : challenges) {
    auto fault = fault_of(type, name, config);
    if (fault.empty()) return {};
    if (first.empty()) first = std::move(fault);
  }
  return first;
}

Challenges answerable(const Challenges& challenges, const std::vector<std::string>& names, const Config& config) {
  Challenges result = {};
  for (const auto type : challenges) {
    // An alias for the name of dns-01 says nothing of the others.
    const auto is_by_alias = [&](const std::string& name) {
      const auto* route = config.routes.find(challenge_parent(type, name));
      return route != nullptr && route->by_alias && type != dns_01 && challenges.size() > 1;
    };
    const auto can = [&](const std::string& name) {
      return fault_of(type, name, config).empty() && !is_by_alias(name);
    };
    if (std::ranges::all_of(names, can)) result.add(type);
  }
  return result.empty() ? challenges : result;
}

}  // namespace acmed::config
