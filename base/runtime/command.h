// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/runtime/child.h"
#include "base/runtime/task.h"

namespace acmed {

/// A program to run to completion, as a Child.
struct Command {
  std::vector<std::string> argv;    ///< as Child::start() takes it
  std::vector<Secret> environment;  ///< as Child::start() takes it
  std::string input;                ///< for standard input; at most 16 MiB
  Duration limit;                   ///< after which the whole process group is killed
  bool separate_errors = false;     ///< what it writes to standard error is not part of its output
};

struct CommandResult {
  Ending ending;
  bool timed_out = false;  ///< when `limit` passed
  std::string output;  ///< standard output and error; beyond 64 KiB its beginning and its end, and how much is left out
  std::string errors{};  ///< likewise, standard error where it is kept apart

  bool succeeded() const noexcept { return ending.exit_code == 0 && ending.signal == 0 && !timed_out; }
  /// "exited with 3", "was ended by signal 11 (Segmentation fault)", "did not end within 60 s and was stopped".
  std::string outcome(Duration limit) const;
};

/// Runs `command` to completion. After `limit`, or when cancelled, its process group gets SIGTERM and, two seconds
/// later, SIGKILL. Throws what Child::start() throws, Cancelled.
Task<CommandResult> run_command(Command command);

}  // namespace acmed
