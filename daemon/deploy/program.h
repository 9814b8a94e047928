// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "daemon/deploy/facts.h"

namespace acmed::deploy {

/// A target's test or hook.
struct Program {
  std::string role;  ///< "test" or "hook"
  std::vector<std::string> argv;
  Duration limit;
};

/// Runs `program` with `facts` and logs its output line by line. Throws Retry ("deploy:test", "deploy:hook",
/// "deploy:timeout") with the end of its output when it fails, Refused ("deploy:program") when it cannot be started,
/// Cancelled.
Task<> run_program(Program program, Facts facts);

}  // namespace acmed::deploy
