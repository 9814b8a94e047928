// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads the keys specific to type = "rfc2136". Faulty values are reported and left at their defaults.
void read_rfc2136(Reader& reader, Provider& provider);

}  // namespace acmed::config
