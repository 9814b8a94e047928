// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads the keys specific to type = "lego-exec". Faulty values are reported and left at their defaults.
void read_lego_exec(Reader& reader, Provider& provider);

/// Likewise for type = "lego-httpreq".
void read_lego_httpreq(Reader& reader, Provider& provider);

}  // namespace acmed::config
