// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/runtime/task.h"
#include "base/secret.h"

namespace acmed {

struct Pipe {
  Fd read;
  Fd write;
};

/// Closed on exec at both ends. Throws Retry ("process:pipe").
Pipe make_pipe();

/// How a process ended.
struct Ending {
  int exit_code = 0;  ///< when it ended by itself
  int signal = 0;     ///< when a signal ended it

  /// "exited with 3", "was ended by signal 11 (Segmentation fault)".
  std::string text() const;
};

/// A process that we started: no shell, a clean environment, no descriptor of ours but the three it is given, in the
/// folder /, and in a process group of its own, with which it is ended (SIGKILL) when this ends before it.
class Child {
 public:
  struct Streams {
    int input;
    int output;
    int error;
  };

  /// Starts argv[0], a path, or a name looked up in the PATH that the program gets. `environment`: each "NAME=value", a
  /// Secret since some are; all that the program gets besides PATH. Throws Refused ("process:start") when there is no
  /// such program or fault_of_program() speaks against it, Retry ("process:start") when this host cannot have one more
  /// process now.
  static Child start(const std::vector<std::string>& argv, const std::vector<Secret>& environment, Streams streams);

  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&&) = delete;
  ~Child();

  /// Readable once the process has ended.
  int pidfd() const noexcept { return pidfd_.get(); }

  /// To all of its process group, until it is reaped.
  void signal_group(int signal) const noexcept;

  /// Completes when the process has ended.
  Task<> ended();

  /// How it ended, once it has.
  Ending reap() noexcept;

 private:
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;  ///< 0: reaped
  Fd pidfd_;
};

}  // namespace acmed
