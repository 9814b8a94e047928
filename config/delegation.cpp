// SPDX-License-Identifier: Apache-2.0
#include "config/delegation.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/http/url.h"
#include "config/urls.h"

namespace acmed::config {
namespace {

constexpr std::string_view allowed = "the URL of a delegation, or true for the only one that the account has";

/// Why a delegation of that CA cannot be at `url`; empty when it can.
std::string fault_of_place(const std::string& url, const Ca& ca) {
  const auto server = http::server_of(url);
  if (server == http::server_of(ca.directory)) return {};
  const auto is_at = [&server](const std::string& host) { return server == http::server_of("https://" + host); };
  if (std::ranges::any_of(ca.hosts, is_at)) return {};
  return fmt::format("{} is not on the server of [ca.{}], {}; give the URL that this server names, or set hosts there",
                     in_quotes(url), ca.name, ca.directory);
}

}  // namespace

bool is_delegated(Reader& reader) {
  const auto* node = reader.node("delegation");
  const auto* word = node == nullptr ? nullptr : node->as<bool>();
  return node != nullptr && (word == nullptr || *word);
}

std::string read_delegation(Reader& reader, const Certificate& certificate, const Config& config) {
  const auto* node = reader.node("delegation");
  if (node == nullptr) return {};
  std::string delegation(only_delegation);
  if (const auto* word = node->as<bool>()) {
    if (!*word) return {};
  } else if (node->as<std::string>() != nullptr) {
    const auto url = https_url(*node->as<std::string>());
    if (!url.good()) {
      reader.fault(node->place, "delegation", url.fault + "; or true, for the only one that the account has");
      return {};
    }
    delegation = *node->as<std::string>();
    if (const auto ca = config.cas.find(certificate.ca); ca != config.cas.end()) {
      const auto fault = fault_of_place(delegation, ca->second);
      if (!fault.empty()) reader.fault(node->place, "delegation", fault);
    }
  } else {
    reader.fault_of_kind(*node, "delegation", allowed);
    return {};
  }
  if (!certificate.fallback_cas.empty()) {
    reader.fault(node->place, "delegation",
                 "belongs to an account at one CA, and this certificate has several; name in `ca` the one whose "
                 "directory is the server of the names' owner");
  }
  for (const auto* key : {"challenge", "persist_for", "propagation"}) {
    reader.refuse(key, "does not go with `delegation`: the owner of the names proves them; leave it out");
  }
  reader.refuse("dane",
                "does not go with `delegation`: certificates that the CA renews by itself all have the key of the "
                "first one; leave it out");
  for (const auto* key : {"key", "pin"}) {
    reader.refuse(
        key,
        "does not go with `delegation`: what is asked for follows the owner's template, with a key that acmed "
        "makes; leave it out");
  }
  for (const auto* key : {"profile", "profile_required"}) {
    reader.refuse(key, "does not go with `delegation`: the owner of the names orders from its CA; leave it out");
  }
  return delegation;
}

void leave_proof_to_owner(Certificate& certificate) {
  certificate.challenges = {ChallengeType::dns_01};
  certificate.propagation = {};
  certificate.profile = {};
  certificate.persist_for.reset();
}

}  // namespace acmed::config
