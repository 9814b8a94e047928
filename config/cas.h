// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads [ca.NAME]. What is at fault is reported and left at its default.
Ca read_ca(const std::string& name, Reader reader);

/// Whether `name` is a CA whose directory URL is known here.
bool is_well_known_ca(std::string_view name);

}  // namespace acmed::config
