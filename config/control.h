// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads [control].
void read_control(Reader reader, Config& config);

/// Reads [http].
void read_http(Reader reader, Config& config);

}  // namespace acmed::config
