// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/without_daemon.h"

#include "config/config.h"
#include "config/deployments.h"
#include "daemon/acmectl/offline.h"

namespace acmed::acmectl {
namespace {

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
    return described(config.certificates, config.state_directory, now);
  } catch (const config::Faults&) {
    const auto deployments = config::load_deployments(config_file);
    return described(deployments.certificates, deployments.state_directory, now);
  }
}

}  // namespace acmed::acmectl
