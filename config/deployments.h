// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/config.h"

namespace acmed::config {

/// What deploys certificates needs to know of the configuration.
struct Deployments {
  std::filesystem::path state_directory;
  /// Names, domains, targets and the groups that may read the keys; nothing else in them is read.
  std::vector<Certificate> certificates;
};

/// Reads `file` and what it includes, as load() does, but not the tables of CAs and providers, nor any secret, which a
/// process of another unit may not even have (systemd's credentials). Faults elsewhere are not looked for. Blocks.
/// Throws Faults.
Deployments load_deployments(const std::filesystem::path& file);

}  // namespace acmed::config
