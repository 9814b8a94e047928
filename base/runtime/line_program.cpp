// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/line_program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>

namespace acmed {
namespace {

constexpr Duration term_to_kill = std::chrono::seconds(2);
constexpr std::size_t longest_error_line = std::size_t{8} * 1024;
constexpr std::size_t block_size = std::size_t{16} * 1024;
/// Blocks at a time, so that a program that never stops writing does not hold up the loop ...
constexpr int most_blocks = 4;
/// ... and when it has ended: enough to empty a full pipe.
constexpr int most_last_blocks = 8;

void set_nonblocking(const Fd& fd) {
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
}

/// Reads what is there and gives it to `take` block by block. False when no more will come.
template <class Take>
bool read_blocks(int fd, int most, const Take& take) {
  std::array<char, block_size> block;
  for (int blocks = 0; blocks < most; ++blocks) {
    const auto count = ::read(fd, block.data(), block.size());
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return false;
    if (count < 0) return true;
    take(std::string_view(block.data(), static_cast<std::size_t>(count)));
  }
  return true;
}

}  // namespace

LineProgram::LineProgram(Loop& loop, const std::vector<std::string>& argv, const std::vector<Secret>& environment,
                         std::size_t longest_line, Listener listener)
    : loop_(loop), longest_line_(longest_line), listener_(std::move(listener)), child_([&] {
        auto input = make_pipe();
        auto output = make_pipe();
        auto errors = make_pipe();
        input_ = std::move(input.write);
        output_.fd = std::move(output.read);
        errors_.fd = std::move(errors.read);
        return Child::start(argv, environment, {input.read.get(), output.write.get(), errors.write.get()});
      }()) {
  for (const auto* fd : {&input_, &output_.fd, &errors_.fd}) set_nonblocking(*fd);
  output_.source = watch(output_.fd.get(), EPOLLIN, [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    auto* program = static_cast<LineProgram*>(self);
    if (!program->read_output(most_blocks)) program->output_closed();
    return 0;
  });
  errors_.source = watch(errors_.fd.get(), EPOLLIN, [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    auto* program = static_cast<LineProgram*>(self);
    if (!program->read_errors(most_blocks)) program->errors_.source.reset();
    return 0;
  });
  input_source_ = watch(input_.get(), EPOLLOUT, [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    static_cast<LineProgram*>(self)->write_waiting();
    return 0;
  });
  sd_event_source_set_enabled(input_source_.get(), SD_EVENT_OFF);
  end_source_ = watch(child_.pidfd(), EPOLLIN, [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    static_cast<LineProgram*>(self)->child_ended();
    return 0;
  });
}

EventSource LineProgram::watch(int fd, std::uint32_t events, sd_event_io_handler_t handler) {
  sd_event_source* source = nullptr;
  check_event(sd_event_add_io(loop_.event(), &source, fd, events, handler, this), "sd_event_add_io");
  return EventSource(source);
}

void LineProgram::write_line(const std::string& line) {
  if (!is_running()) return;
  waiting_ += line;
  waiting_ += '\n';
  write_waiting();
}

void LineProgram::write_waiting() noexcept {
  while (!waiting_.empty()) {
    const auto count = ::write(input_.get(), waiting_.data(), waiting_.size());
    if (count < 0 && errno == EINTR) continue;
    // One that reads no more is about to end, or hangs: its owner hears of that by other ways.
    if (count < 0 && errno != EAGAIN) waiting_.clear();
    if (count < 0) break;
    waiting_.erase(0, static_cast<std::size_t>(count));
  }
  sd_event_source_set_enabled(input_source_.get(), waiting_.empty() ? SD_EVENT_OFF : SD_EVENT_ON);
}

bool LineProgram::read_output(int most) noexcept {
  return read_blocks(output_.fd.get(), most, [this](std::string_view octets) { take_output(octets); });
}

/// Either it is about to end by itself, or it can never answer again.
void LineProgram::output_closed() noexcept {
  output_.source.reset();
  closed_its_output_ = is_running();
  end();
}

void LineProgram::take_output(std::string_view octets) {
  while (!octets.empty() && !ending_) {
    const auto end = std::min(octets.find('\n'), octets.size());
    output_.begun += octets.substr(0, end);
    if (output_.begun.size() > longest_line_) {
      output_.begun.clear();
      output_.source.reset();
      listener_.on_flood();
      return;
    }
    if (end == octets.size()) return;
    octets.remove_prefix(end + 1);
    const auto line = std::exchange(output_.begun, {});
    listener_.on_line(line);
  }
}

bool LineProgram::read_errors(int most) noexcept {
  return read_blocks(errors_.fd.get(), most, [this](std::string_view octets) { take_errors(octets); });
}

void LineProgram::take_errors(std::string_view octets) {
  while (!octets.empty()) {
    const auto end = std::min(octets.find('\n'), octets.size());
    const auto room = longest_error_line - std::min(errors_.begun.size(), longest_error_line);
    errors_.begun += octets.substr(0, std::min(end, room));
    if (end == octets.size()) return;
    octets.remove_prefix(end + 1);
    const auto line = std::exchange(errors_.begun, {});
    listener_.on_error_line(line);
  }
}

void LineProgram::end() {
  if (!is_running()) return;
  ending_ = true;
  input_source_.reset();
  input_.reset();
  child_.signal_group(SIGTERM);
  loop_.set_timer(kill_, loop_.clock().moment() + term_to_kill, [this] { child_.signal_group(SIGKILL); });
}

void LineProgram::child_ended() noexcept {
  end_source_.reset();
  // The answer that it gave before may lie in the pipe yet, and why it ended.
  if (output_.source) read_output(most_last_blocks);
  if (errors_.source) read_errors(most_last_blocks);
  if (!errors_.begun.empty()) take_errors("\n");
  child_.signal_group(SIGKILL);  // what it left behind
  const auto ending = child_.reap();
  output_.source.reset();
  errors_.source.reset();
  input_source_.reset();
  input_.reset();
  kill_.cancel();
  gone_.set();
  const bool closed = closed_its_output_ && ending.signal == SIGTERM;
  listener_.on_end((closed ? "closed its standard output and " : "") + ending.text());
}

}  // namespace acmed
