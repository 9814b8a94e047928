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

/// Of the beginning and of the end of what a program writes.
constexpr std::size_t most_kept = std::size_t{32} * 1024;
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

/// The beginning and the end of a text, whole lines where something between them is left out: what failed mostly stands
/// in the last line.
class Excerpt {
 public:
  void append(std::string_view text) {
    const auto room = std::min(text.size(), most_kept - beginning_.size());
    beginning_ += text.substr(0, room);
    end_ += text.substr(room);
    if (end_.size() >= 2 * most_kept) drop(end_.size() - most_kept);
  }

  std::string take() {
    if (end_.size() > most_kept) drop(end_.size() - most_kept);
    if (left_out_ == 0) return std::move(beginning_) + end_;
    // Half a line might show half of a secret.
    std::string_view first = beginning_;
    std::string_view last = end_;
    if (const auto newline = first.rfind('\n'); newline != first.npos) first = first.substr(0, newline);
    if (const auto newline = last.find('\n'); newline != last.npos) last = last.substr(newline + 1);
    const auto left_out = left_out_ + beginning_.size() + end_.size() - first.size() - last.size();
    return fmt::format("{}\n... ({} octets left out) ...\n{}", first, left_out, last);
  }

 private:
  void drop(std::size_t octets) {
    end_.erase(0, octets);
    left_out_ += octets;
  }

  std::string beginning_;
  std::string end_;
  std::size_t left_out_ = 0;
};

/// Reads what the program writes as it comes.
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
    return text_.take();
  }

 private:
  bool read() noexcept {
    std::array<char, 4096> buffer;
    for (int reads = 0; reads < most_reads; ++reads) {
      const auto count = ::read(fd_.get(), buffer.data(), buffer.size());
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
      if (count < 0) return true;
      text_.append({buffer.data(), static_cast<std::size_t>(count)});
    }
    return true;
  }

  Fd fd_;
  Excerpt text_;
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
