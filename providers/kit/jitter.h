// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace acmed::providers {

/// Somewhere between half of `longest` and all of it, so that several who wait do not meet again.
Duration jittered(Duration longest);

}  // namespace acmed::providers
