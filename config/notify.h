// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads [notify].
Notify read_notify(Reader reader);

}  // namespace acmed::config
