// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime/child.h"
#include "base/runtime/event.h"

namespace acmed {

/// A program that runs for long, as a Child: lines go to its standard input, and what it writes comes back line by
/// line. SIGPIPE must be blocked or ignored. Ended with its process group (SIGKILL) when this ends before it.
class LineProgram {
 public:
  /// Called on the loop's thread; none of them may throw or destroy the LineProgram.
  struct Listener {
    std::function<void(std::string_view line)> on_line;        ///< of its standard output, until end()
    std::function<void(std::string_view line)> on_error_line;  ///< of its standard error; cut when it is very long
    /// A line of its standard output did not end within `longest_line`. What follows is not read: end() it.
    std::function<void()> on_flood;
    std::function<void(const std::string& outcome)> on_end;  ///< "exited with 3"; nothing is called after it
  };

  /// Starts it; throws what Child::start() throws. `longest_line`: in octets.
  LineProgram(Loop& loop, const std::vector<std::string>& argv, const std::vector<Secret>& environment,
              std::size_t longest_line, Listener listener);
  LineProgram(const LineProgram&) = delete;
  LineProgram& operator=(const LineProgram&) = delete;

  /// Writes `line` and a newline, now or as soon as the program reads.
  void write_line(const std::string& line);

  /// Closes its standard input and sends SIGTERM to its process group, and two seconds later SIGKILL. Does not wait.
  void end();

  /// Whether it runs and nobody has called end().
  bool is_running() const noexcept { return !ending_ && !gone_.is_set(); }

  /// Completes when it has ended.
  Task<> gone() { return gone_.wait(); }

 private:
  /// What comes through one pipe, taken apart into lines.
  struct Inlet {
    Fd fd;
    EventSource source;
    std::string begun;  ///< the line of which the end has not come
  };

  EventSource watch(int fd, std::uint32_t events, sd_event_io_handler_t handler);
  void write_waiting() noexcept;
  bool read_output(int most) noexcept;
  bool read_errors(int most) noexcept;
  void output_closed() noexcept;
  void take_output(std::string_view octets);
  void take_errors(std::string_view octets);
  void child_ended() noexcept;

  Loop& loop_;
  std::size_t longest_line_;
  Listener listener_;
  Fd input_;
  std::string waiting_;  ///< to be written
  Inlet output_;
  Inlet errors_;
  bool ending_ = false;
  bool closed_its_output_ = false;
  Event gone_;
  Loop::Timer kill_;
  EventSource input_source_;
  EventSource end_source_;
  Child child_;
};

}  // namespace acmed
