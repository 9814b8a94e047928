// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/runtime/scope.h"

namespace acmed {
namespace {

constexpr std::size_t most_output = std::size_t{64} * 1024;
constexpr std::size_t most_in_pipe = std::size_t{64} * 1024;
constexpr std::size_t most_input = std::size_t{16} * 1024 * 1024;
constexpr Duration term_to_kill = std::chrono::seconds(2);
/// Reads at a time: enough to empty a full pipe, and few enough that a program that never stops writing does not hold
/// up the loop.
constexpr int most_reads = 16;

/// A file in memory, for what is too long for a pipe.
Fd filled_file(const std::string& input) {
  Fd file(memfd_create("input", MFD_CLOEXEC));
  std::string_view rest = input;
  while (file && !rest.empty()) {
    const auto written = ::write(file.get(), rest.data(), rest.size());
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!rest.empty() || ::lseek(file.get(), 0, SEEK_SET) != 0) {
    throw Retry("process:pipe", system_error_sentence("write the input of a program", errno));
  }
  return file;
}

/// All of `input` waits there before the program starts: nothing is left to be fed while it runs.
Fd filled_input(const std::string& input) {
  if (input.size() > most_input) throw Refused("process:input", "the input of a program is larger than 16 MiB");
  if (input.size() > most_in_pipe) return filled_file(input);
  auto pipe = make_pipe();
  fcntl(pipe.write.get(), F_SETPIPE_SZ, static_cast<int>(most_in_pipe));
  fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK);
  if (!input.empty() && ::write(pipe.write.get(), input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
    throw Retry("process:pipe", system_error_sentence("fill a pipe", errno));
  }
  return std::move(pipe.read);
}

/// Reads what the program writes as it comes. Of a long text it keeps the beginning and the end: what went wrong is
/// mostly said last.
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
    if (end_.size() <= most_kept) return std::move(beginning_) + end_;
    const auto dropped = dropped_ + end_.size() - most_kept;
    return fmt::format("{}\n[{} octets are left out]\n{}", beginning_, dropped,
                       std::string_view(end_).substr(end_.size() - most_kept));
  }

 private:
  bool read() noexcept {
    std::array<char, 4096> buffer;
    for (int reads = 0; reads < most_reads; ++reads) {
      const auto count = ::read(fd_.get(), buffer.data(), buffer.size());
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
      if (count < 0) return true;
      keep({buffer.data(), static_cast<std::size_t>(count)});
    }
    return true;
  }

  void keep(std::string_view octets) {
    const auto room = most_kept - beginning_.size();
    beginning_ += octets.substr(0, room);
    end_ += octets.substr(std::min(room, octets.size()));
    if (end_.size() < 2 * most_kept) return;
    const auto excess = end_.size() - most_kept;
    dropped_ += excess;
    end_.erase(0, excess);
  }

  Fd fd_;
  static constexpr std::size_t most_kept = most_output / 2;
  std::string beginning_;
  std::string end_;
  std::size_t dropped_ = 0;
  EventSource source_;
};

/// While a program runs a test's clock stands still.
class RealWork {
 public:
  explicit RealWork(Loop& loop) : loop_(loop) { loop_.real_work_begins(); }
  RealWork(const RealWork&) = delete;
  RealWork& operator=(const RealWork&) = delete;
  ~RealWork() { loop_.real_work_ends(); }

 private:
  Loop& loop_;
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
  return ending.text();
}

Task<CommandResult> run_command(Command command) {
  const auto here = co_await context();
  if (here.stop.stop_requested()) throw Cancelled();
  const auto input = filled_input(command.input);
  auto output_pipe = make_pipe();
  const int write_end = output_pipe.write.get();
  auto errors_pipe = command.separate_errors ? make_pipe() : Pipe();
  auto child = Child::start(command.argv, command.environment,
                            {input.get(), write_end, command.separate_errors ? errors_pipe.write.get() : write_end});
  output_pipe.write.reset();
  errors_pipe.write.reset();
  Output output(*here.loop, std::move(output_pipe.read));
  std::optional<Output> errors;
  if (command.separate_errors) errors.emplace(*here.loop, std::move(errors_pipe.read));
  const RealWork work(*here.loop);

  CommandResult result;
  bool called_off = false;
  try {
    result.timed_out = !co_await ended_within(&child, command.limit);
  } catch (const Cancelled&) {
    called_off = true;
  }
  if (called_off || result.timed_out) co_await end_group(&child).under(std::stop_token());
  result.ending = child.reap();
  if (called_off) throw Cancelled();
  result.output = output.take();
  if (errors) result.errors = errors->take();
  co_return result;
}

}  // namespace acmed
