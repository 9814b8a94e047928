// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "providers/provider.h"

namespace acmed::providers {

/// The longest of `zones` that holds `name`.
std::optional<Zone> longest_zone(const std::vector<Zone>& zones, const dns::Name& name);

/// The longest of the configured zones that holds `name`, for operators who cannot be asked for their zones.
std::optional<Zone> longest_zone(const std::vector<std::string>& zones, const dns::Name& name);

}  // namespace acmed::providers
