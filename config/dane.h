// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads `dane` and `dane_ttl`: the names of TLSA records, each to be served by a provider of `config` that can write
/// such records.
Dane read_dane(Reader& reader, const Config& config);

}  // namespace acmed::config
