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

/// Both ends are close-on-exec. Throws Retry ("process:pipe").
Pipe make_pipe();

/// How a process ended.
struct Ending {
  int exit_code = 0;  ///< when it exited
  int signal = 0;     ///< when a signal killed it

  /// "exited with 3", "was ended by signal 11 (Segmentation fault)".
  std::string text() const;
};

/// A child process: started without a shell, with a clean environment, with no descriptor but its three standard ones,
/// in the folder /, and in its own session without a terminal, whose process group is killed (SIGKILL) when this is
/// destroyed first.
class Child {
 public:
  struct Streams {
    int input;
    int output;
    int error;
  };

  /// Starts argv[0], a path or a name that is looked up in the program's PATH. `environment`: each "NAME=value", a
  /// Secret because some are; all that the program gets besides PATH. Throws Refused ("process:start") when there is no
  /// such program or fault_of_program() rejects it, Retry ("process:start") when the host cannot start another process
  /// at the moment.
  static Child start(const std::vector<std::string>& argv, const std::vector<Secret>& environment, Streams streams);

  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&&) = delete;
  ~Child();

  /// Readable once the process has ended.
  int pidfd() const noexcept { return pidfd_.get(); }

  /// Signals the whole process group, unless the process is reaped.
  void signal_group(int signal) const noexcept;

  /// Completes when the process has ended.
  Task<> ended();

  /// How it ended. Call once it has.
  Ending reap() noexcept;

 private:
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;  ///< 0 once reaped
  Fd pidfd_;
};

/// Reaps whatever has ended of the processes that lost their parent and were given to us, as happens to the first
/// process of a container. To be called after SIGCHLD. Leaves those alone that a Child stands for. May be called from
/// any thread.
void reap_strangers() noexcept;

}  // namespace acmed
