// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/without_daemon.h"

#include <algorithm>

#include "config/config.h"
#include "config/deployments.h"
#include "daemon/acmectl/offline.h"

namespace acmed::acmectl {
namespace {

/// The CA that issued what is in service, where a later one than the first did.
std::string issuer_of(const config::Certificate& certificate, const config::Config& config,
                      const store::StateView& state) {
  std::string directory;
  try {
    const auto remembered = state.certificate(certificate.name);
    if (remembered && remembered->issued) directory = remembered->issued->directory_url;
  } catch (const Error&) {
    return certificate.ca;  // describe() tells it
  }
  if (directory == config.cas.at(certificate.ca).directory) return certificate.ca;
  const auto is_its = [&](const std::string& ca) { return config.cas.at(ca).directory == directory; };
  const auto found = std::ranges::find_if(certificate.fallback_cas, is_its);
  return found == certificate.fallback_cas.end() ? certificate.ca : *found;
}

json::Array described(const std::vector<config::Certificate>& certificates,
                      const std::filesystem::path& state_directory, Time now) {
  const store::StateView state(state_directory);
  json::Array all;
  for (const auto& certificate : certificates) all.emplace_back(describe(certificate, state, now));
  return all;
}

}  // namespace

json::Array certificates_on_disk(const std::filesystem::path& config_file, Time now) {
  try {
    const auto config = config::load(config_file);
    auto certificates = config.certificates;
    const store::StateView state(config.state_directory);
    for (auto& certificate : certificates) {
      if (!certificate.fallback_cas.empty()) certificate.ca = issuer_of(certificate, config, state);
    }
    return described(certificates, config.state_directory, now);
  } catch (const config::Faults&) {
    const auto deployments = config::load_deployments(config_file);
    return described(deployments.certificates, deployments.state_directory, now);
  }
}

}  // namespace acmed::acmectl
