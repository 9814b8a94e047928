// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/json.h"
#include "base/runtime/task.h"
#include "daemon/acmectl/session.h"

namespace acmed::acmectl {

/// Waits for the operation that `answer` tells of, shows its steps, and tells what failed of `subject`. Without `wait`
/// it prints the operation. Returns the exit status. `session` must outlive the task.
Task<int> see_through(Session* session, std::string subject, json::Value answer, bool wait);

}  // namespace acmed::acmectl
