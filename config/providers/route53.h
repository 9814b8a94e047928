// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads what is special to type = "route53". What is at fault is reported and left at its default.
void read_route53(Reader& reader, Provider& provider);

}  // namespace acmed::config
