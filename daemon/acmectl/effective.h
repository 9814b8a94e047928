// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/config.h"

namespace acmed::acmectl {

/// What stands in the place of a secret.
inline constexpr const char* masked = "***";

/// The configuration as it is in force, in TOML, with its defaults and without the values of secrets.
std::string effective(const config::Config& config);

}  // namespace acmed::acmectl
