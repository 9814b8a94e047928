// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>

#include "base/fd.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "base/runtime/socket.h"

namespace acmed {
namespace {

constexpr std::size_t most_output = std::size_t{64} * 1024;
constexpr std::size_t most_input = std::size_t{64} * 1024;
constexpr Duration term_to_kill = std::chrono::seconds(2);
/// Reads at a time: enough to empty a full pipe, and few enough that a program that never stops writing does not hold
/// up the loop.
constexpr int most_reads = 16;
constexpr std::string_view search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct Pipe {
  Fd read;
  Fd write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Retry("process:pipe", system_error_sentence("make a pipe", errno));
  return {Fd(ends[0]), Fd(ends[1])};
}

/// All of `input` waits in the pipe before the program starts: nothing is left to be fed while it runs.
Pipe filled_pipe(const std::string& input) {
  if (input.size() > most_input) throw Refused("process:input", "the input of a program is larger than 64 KiB");
  auto pipe = make_pipe();
  fcntl(pipe.write.get(), F_SETPIPE_SZ, static_cast<int>(most_input));
  fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK);
  if (!input.empty() && ::write(pipe.write.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    throw Retry("process:pipe", system_error_sentence("fill a pipe", errno));
  }
  pipe.write.reset();
  return pipe;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

/// The program's path. What we are started with in $PATH says nothing about it.
std::string found_program(const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos) return name;
  for (auto rest = search_path; !rest.empty();) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    if (auto path = fmt::format("{}/{}", folder, name); is_program(path)) return path;
  }
  throw Refused("process:start", system_error_sentence("start " + name, ENOENT));
}

/// glibc 2.36 declares its pidfd_open without extern "C".
Fd open_pidfd(pid_t pid) {
  return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

class SpawnSettings {
 public:
  SpawnSettings(int input, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    // Not every library opens its sockets and files close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawn_file_actions_addchdir_np(&actions_, "/");
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
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

/// Reads what the program writes as it comes, keeps the beginning and drops the rest.
class Output {
 public:
  Output(Loop& loop, Fd fd) : fd_(std::move(fd)) {
    fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    sd_event_source* source = nullptr;
    const auto on_readable = [](sd_event_source* ready, int, std::uint32_t, void* self) noexcept {
      if (!static_cast<Output*>(self)->read()) sd_event_source_set_enabled(ready, SD_EVENT_OFF);
      return 0;
    };
    check_event(sd_event_add_io(loop.event(), &source, fd_.get(), EPOLLIN, on_readable, this), "sd_event_add_io");
    source_.reset(source);
  }

  /// What was written so far. A process that the program left behind may hold the pipe open: nobody waits for it.
  std::string take() {
    read();
    return std::move(text_);
  }

 private:
  bool read() noexcept {
    std::array<char, 4096> buffer;
    for (int reads = 0; reads < most_reads; ++reads) {
      const auto count = ::read(fd_.get(), buffer.data(), buffer.size());
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
      if (count < 0) return true;
      text_.append(buffer.data(), std::min(static_cast<std::size_t>(count), most_output - text_.size()));
    }
    return true;
  }

  Fd fd_;
  std::string text_;
  EventSource source_;
};

/// A child process. It is ended with its group when this ends before it.
class Child {
 public:
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    signal_group(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  void signal_group(int signal) const noexcept { ::kill(-pid_, signal); }

  Task<> ended() { co_await readable(pidfd_.get()); }

  void reap(CommandResult& result) {
    int status = 0;
    waitpid(std::exchange(pid_, 0), &status, 0);
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  }

 private:
  pid_t pid_;
  Fd pidfd_;
};

Task<bool> ended_within(Child* child, Duration limit) {
  return within(limit, child->ended());
}

Task<> end_group(Child* child) {
  child->signal_group(SIGTERM);
  const bool ended = co_await ended_within(child, term_to_kill);
  // The leader may have ended and left others of its group behind: they go as well.
  child->signal_group(SIGKILL);
  if (!ended) co_await child->ended();
}

}  // namespace

std::string CommandResult::outcome(Duration limit) const {
  if (timed_out) return fmt::format("did not end within {} and was stopped", to_text(limit));
  if (signal != 0) return fmt::format("was ended by signal {} ({})", signal, strsignal(signal));
  return fmt::format("exited with {}", exit_code);
}

Task<CommandResult> run_command(Command command) {
  const auto here = co_await context();
  if (here.stop.stop_requested()) throw Cancelled();
  const auto input = filled_pipe(command.input);
  auto output_pipe = make_pipe();
  const auto program = found_program(command.argv[0]);
  command.environment.push_back(fmt::format("PATH={}", search_path));
  const auto argv = pointers(command.argv);
  const auto environment = pointers(command.environment);
  pid_t pid = 0;
  {
    const SpawnSettings settings(input.read.get(), output_pipe.write.get());
    const int error =
        posix_spawn(&pid, program.c_str(), settings.actions(), settings.attributes(), argv.data(), environment.data());
    if (error != 0) throw Refused("process:start", system_error_sentence("start " + command.argv[0], error));
  }
  output_pipe.write.reset();
  Child child(pid, open_pidfd(pid));
  Output output(*here.loop, std::move(output_pipe.read));

  CommandResult result;
  bool called_off = false;
  try {
    result.timed_out = !co_await ended_within(&child, command.limit);
  } catch (const Cancelled&) {
    called_off = true;
  }
  if (called_off || result.timed_out) co_await end_group(&child).under(std::stop_token());
  child.reap(result);
  if (called_off) throw Cancelled();
  result.output = output.take();
  co_return result;
}

}  // namespace acmed
