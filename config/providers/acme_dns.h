// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads the keys specific to type = "acme-dns". Faulty values are reported and left at their defaults.
void read_acme_dns(Reader& reader, Provider& provider);

}  // namespace acmed::config
