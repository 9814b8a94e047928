// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/runtime/child.h"
#include "base/runtime/event.h"

namespace acmed {

/// A long-running program, as a Child: we write lines to its standard input and read its output line by line. SIGPIPE
/// must be blocked or ignored. Killed with its process group (SIGKILL) when this is destroyed first.
class LineProgram {
 public:
  /// Called on the loop's thread; must neither throw nor destroy the LineProgram.
  struct Listener {
    std::function<void(std::string_view line)> on_line;        ///< from standard output, until end()
    std::function<void(std::string_view line)> on_error_line;  ///< from standard error; cut when very long
    /// A line of standard output exceeded `longest_line`. Nothing more is read: call end().
    std::function<void()> on_flood;
    std::function<void(const std::string& outcome)> on_end;  ///< "exited with 3"; the last call
  };

  /// Starts the program; throws what Child::start() throws. `longest_line`: in octets.
  LineProgram(Loop& loop, const std::vector<std::string>& argv, const std::vector<Secret>& environment,
              std::size_t longest_line, Listener listener);
  LineProgram(const LineProgram&) = delete;
  LineProgram& operator=(const LineProgram&) = delete;

  /// Writes `line` and a newline, now or as soon as the program reads.
  void write_line(const std::string& line);

  /// Closes standard input and sends SIGTERM to the process group, then SIGKILL two seconds later. Does not wait.
  void end();

  /// Whether it is running and end() has not been called.
  bool is_running() const noexcept { return !ending_ && !gone_.is_set(); }

  /// Completes when it has ended.
  Task<> gone() { return gone_.wait(); }

 private:
  /// Splits what arrives through one pipe into lines.
  struct Inlet {
    Fd fd;
    EventSource source;
    std::string begun;  ///< an incomplete line
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
