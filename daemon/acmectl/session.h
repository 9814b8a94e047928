// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "daemon/acmectl/api.h"
#include "daemon/acmectl/text.h"

namespace acmed::acmectl {

/// Exit statuses: what scripts rely on.
inline constexpr int exit_well = 0;
inline constexpr int exit_failing = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_no_daemon = 3;

/// What one call of acmectl works with.
struct Session {
  Session(Loop& own_loop, const std::filesystem::path& socket) : loop(own_loop), api(own_loop, socket) {}

  Loop& loop;
  Api api;
  std::filesystem::path config_file;
  bool json = false;      ///< print what the API says, instead of tables
  bool terminal = false;  ///< standard output is one
  Style style;
  std::function<void()> on_resize;  ///< called when the terminal has another size, which `style` then has
};

/// Writes to standard output, at once.
void print(std::string_view text);
/// One line on standard error; in as many as it takes where that is a terminal.
void tell(std::string_view sentence);

}  // namespace acmed::acmectl
