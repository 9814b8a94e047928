// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads [ca.NAME]. Faulty values are reported and left at their defaults.
Ca read_ca(const std::string& name, Reader reader);

/// Whether `name` is a CA whose directory URL is built in.
bool is_well_known_ca(std::string_view name);

}  // namespace acmed::config
