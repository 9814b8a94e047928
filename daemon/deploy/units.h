// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/runtime/task.h"

namespace acmed::deploy {

/// What a unit is to do.
enum class UnitVerb {
  reload,  ///< read its files again, or restart if it cannot (ReloadOrTryRestartUnit)
  restart  ///< (TryRestartUnit)
};

/// Makes the service manager do that with `unit`, over D-Bus, and completes when it is done; a unit that is not running
/// is left as it is. Throws Retry ("deploy:unit", "deploy:timeout") when it fails or takes longer than `limit`; Refused
/// ("deploy:unit") when there is no such unit or acmed may not, with what to write; Cancelled, which does not call off
/// what the service manager has begun.
Task<> tell_unit(std::string unit, UnitVerb verb, Duration limit);

}  // namespace acmed::deploy
