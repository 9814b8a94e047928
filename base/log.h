// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace acmed::log {

/// syslog's levels, as far as acmed uses them.
enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

/// A journal field: name in capitals ("ACMED_CERTIFICATE") and value. Never a secret.
using Field = std::pair<std::string_view, std::string>;

/// Writes one line: to the journal with its fields when standard error is connected to it, otherwise to standard error.
/// May be called from any thread.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::error, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::warning, message, fields);
}
inline void notice(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::notice, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::info, message, fields);
}
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::debug, message, fields);
}

/// Lines less important than `level` are dropped. Default: info.
void set_level(Level level) noexcept;

}  // namespace acmed::log
