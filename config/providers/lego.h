// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads what is special to type = "lego-exec". What is at fault is reported and left at its default.
void read_lego_exec(Reader& reader, Provider& provider);

/// Likewise for type = "lego-httpreq".
void read_lego_httpreq(Reader& reader, Provider& provider);

}  // namespace acmed::config
