// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/runtime/task.h"

namespace acmed {

/// A program to run: no shell, a clean environment, a process group of its own.
struct Command {
  std::vector<std::string> argv;         ///< argv[0] is a path, or a name looked up in the PATH that the program gets
  std::vector<std::string> environment;  ///< "NAME=value"; all that the program gets besides PATH
  std::string input;                     ///< on its standard input; 64 KiB at most
  Duration limit;                        ///< after it the whole process group is ended
};

struct CommandResult {
  int exit_code = 0;       ///< when it ended by itself
  int signal = 0;          ///< when a signal ended it
  bool timed_out = false;  ///< when `limit` passed
  std::string output;      ///< standard output and error, the first 64 KiB

  bool succeeded() const noexcept { return exit_code == 0 && signal == 0 && !timed_out; }
  /// "exited with 3", "was ended by signal 11 (Segmentation fault)", "did not end within 60 s and was stopped".
  std::string outcome(Duration limit) const;
};

/// Runs `command` to its end. After `limit`, or when called off, its process group gets SIGTERM and two seconds later
/// SIGKILL. Throws Refused when the program cannot be started, Cancelled.
Task<CommandResult> run_command(Command command);

}  // namespace acmed
