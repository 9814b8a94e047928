// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace acmed {

/// The first file that a service needs of the certificates `names` (all when empty) and that is not there yet, for
/// --wait: key and certificate in live/, and the copies at targets. Empty when all are there. A copy in a folder that
/// this process may not look into counts as there. Blocks.
std::string missing_file(const config::Config& config, const std::vector<std::string>& names);

}  // namespace acmed
