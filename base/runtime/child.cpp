// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <mutex>
#include <set>

#include "base/interpreter.h"
#include "base/program_file.h"
#include "base/runtime/socket.h"

namespace acmed {
namespace {

/// The processes that a Child stands for, from before they can end until they are reaped.
class OwnChildren {
 public:
  /// `start` returns the new process, or 0.
  template <class Start>
  pid_t add(const Start& start) {
    const std::lock_guard lock(mutex_);
    const pid_t pid = start();
    if (pid > 0) pids_.insert(pid);
    return pid;
  }

  void reap(pid_t pid, int* status) noexcept {
    const std::lock_guard lock(mutex_);
    waitpid(pid, status, 0);
    pids_.erase(pid);
  }

  void reap_others() noexcept {
    const std::lock_guard lock(mutex_);
    for (;;) {
      siginfo_t ended{};
      if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) return;
      // Others behind it have their turn when it is reaped.
      if (pids_.contains(ended.si_pid)) return;
      waitpid(ended.si_pid, nullptr, WNOHANG);
    }
  }

 private:
  std::mutex mutex_;
  std::set<pid_t> pids_;
};

OwnChildren& own_children() {
  static OwnChildren children;
  return children;
}

/// glibc 2.36 declares its pidfd_open without extern "C".
Fd open_pidfd(pid_t pid) {
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

class SpawnSettings {
 public:
  explicit SpawnSettings(Child::Streams streams) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, streams.input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, streams.output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, streams.error, STDERR_FILENO);
    // Not every library opens its sockets and files close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&actions_, "/");
    posix_spawnattr_init(&attributes_);
    // A session of its own has no terminal: what acmed was started from cannot be written to by its programs (TIOCSTI).
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    // The daemon blocks the signals that its loop reads; a program that inherited this would not hear SIGTERM.
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Retry("process:pipe", system_error_sentence("make a pipe", errno));
  return {Fd(ends[0]), Fd(ends[1])};
}

std::string Ending::text() const {
  if (signal != 0) return fmt::format("was ended by signal {} ({})", signal, strsignal(signal));
  return fmt::format("exited with {}", exit_code);
}

Child Child::start(const std::vector<std::string>& argv, const std::vector<Secret>& environment, Streams streams) {
  if (const auto fault = fault_of_program(argv.at(0)); !fault.empty()) {
    throw Refused("process:start", fault);
  }
  const auto program = find_program(argv[0]);
  auto path = fmt::format("PATH={}", program_search_path);
  std::vector<char*> arguments;
  std::vector<char*> variables;
  for (const auto& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  for (const auto& variable : environment) variables.push_back(const_cast<char*>(variable.reveal().c_str()));
  variables.push_back(path.data());
  arguments.push_back(nullptr);
  variables.push_back(nullptr);

  const SpawnSettings settings(streams);
  int error = 0;
  const pid_t pid = own_children().add([&] {
    pid_t started = 0;
    error = posix_spawn(&started, program.c_str(), settings.actions(), settings.attributes(), arguments.data(),
                        variables.data());
    return error == 0 ? started : 0;
  });
  if (error == EAGAIN || error == ENOMEM)
    throw Retry("process:start", system_error_sentence("start " + argv[0], error));
  if (error != 0) {
    // "No such file or directory" is said of the interpreter, too, that its first line names.
    const auto fault = fault_of_first_line(program);
    throw Refused("process:start", fault.empty() ? system_error_sentence("start " + argv[0], error) : fault);
  }
  Child child(pid, open_pidfd(pid));
  if (child.pidfd() < 0) throw Retry("process:start", system_error_sentence("watch " + argv[0], errno));
  return child;
}

Child::~Child() {
  if (pid_ <= 0) return;
  signal_group(SIGKILL);
  own_children().reap(pid_, nullptr);
}

void Child::signal_group(int signal) const noexcept {
  if (pid_ > 0) ::kill(-pid_, signal);
}

Task<> Child::ended() {
  co_await readable(pidfd_.get());
}

Ending Child::reap() noexcept {
  int status = 0;
  own_children().reap(std::exchange(pid_, 0), &status);
  if (getpid() == 1) reap_strangers();
  Ending ending;
  if (WIFEXITED(status)) ending.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ending.signal = WTERMSIG(status);
  return ending;
}

void reap_strangers() noexcept {
  own_children().reap_others();
}

}  // namespace acmed
