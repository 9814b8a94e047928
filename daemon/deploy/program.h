// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/deploy/facts.h"

namespace acmed::deploy {

/// A test or a hook of a target.
struct Program {
  std::string role;  ///< "test" or "hook"
  std::vector<std::string> argv;
  Duration limit;
};

/// Runs `program` with `facts`; what it writes goes to the log line by line. Throws Retry ("deploy:test",
/// "deploy:hook", "deploy:timeout") with the end of what it wrote when it fails, Refused ("deploy:program") when it
/// cannot be started, Cancelled.
Task<> run_program(Program program, Facts facts);

}  // namespace acmed::deploy
