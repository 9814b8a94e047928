// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/runtime/task.h"

namespace acmed::deploy_helper {

/// Whoever is at the other end of a Unix socket: the user that he was when he connected. Throws Retry.
uid_t peer_of(const Fd& connection);

/// A line that has come, without its end, and the descriptor that came with it, if any.
struct Received {
  std::string line;
  Fd descriptor;
};

/// Sends `line` and its end, with a copy of `descriptor` unless that is -1. Throws Retry ("helper:connection"),
/// Cancelled.
Task<> send_line(int connection, std::string line, int descriptor);

/// Lines from a connection.
class Lines {
 public:
  /// `connection` must outlive it, and be non-blocking. `longest`: of a line, in bytes.
  Lines(int connection, std::size_t longest) : connection_(connection), longest_(longest) {}

  /// Waits for the next line; one that is empty and without an end when the other side has closed. Throws Refused
  /// ("helper:request") for a line that is too long or comes with several descriptors, Retry ("helper:connection"),
  /// Cancelled.
  Task<Received> next();
  /// Whether the last line had no end: there will be no more.
  bool is_closed() const noexcept { return closed_; }

 private:
  int connection_;
  std::size_t longest_;
  std::string waiting_;
  Fd descriptor_;
  bool closed_ = false;
};

}  // namespace acmed::deploy_helper
