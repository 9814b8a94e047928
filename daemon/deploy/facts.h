// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/deploy/deploy.h"

namespace acmed::deploy {

/// What a target's programs are told. The paths are those of the target's own copies, or those in live/
/// when it has none.
struct Facts {
  std::vector<std::string> environment;  ///< "ACMED_NAME=corp" and so on
  std::string json;                      ///< the same as one JSON object
};

Facts facts_for(const config::Target& target, const Generation& generation, const std::string& event);

}  // namespace acmed::deploy
