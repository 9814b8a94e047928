// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/doctor/line.h"

namespace acmed::control {

/// Examines what can be known without an order: of one certificate, or of all. `touch_dns`: a TXT value is added and
/// removed. Throws Error.
using Doctor = std::function<Task<std::vector<doctor::Line>>(std::optional<std::string> certificate, bool touch_dns)>;

}  // namespace acmed::control
