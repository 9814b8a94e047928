// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/config.h"

namespace acmed {

/// What acmed would keep, and what it needs from others for that, for --check. Each line ends with a newline.
std::string plan_of(const config::Config& config);

}  // namespace acmed
