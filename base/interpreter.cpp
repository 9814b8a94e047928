// SPDX-License-Identifier: Apache-2.0
#include "base/interpreter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/program_file.h"

namespace acmed {
namespace {

/// Linux reads no more of a script's first line (BINPRM_BUF_SIZE).
constexpr std::size_t longest_first_line = 256;
constexpr std::string_view blanks = " \t";

std::optional<std::string> beginning_of(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return std::nullopt;
  std::array<char, longest_first_line> buffer{};
  const auto count = ::read(file.get(), buffer.data(), buffer.size());
  if (count < 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(count));
}

/// A program of any binary form begins with some octet that no text has.
bool is_text(std::string_view content) {
  return std::ranges::all_of(content, [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' || c == '\r' || c == '\f';
  });
}

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::string fault_of_first_line(const std::string& path) {
  const auto content = beginning_of(path);
  if (!content) return {};
  if (!content->starts_with("#!")) {
    if (!is_text(*content)) return {};
    return fmt::format("{} is neither a program nor a script that says by what it is run; its first line has to be {}",
                       path, "#!/bin/sh or the like");
  }
  auto line = std::string_view(*content).substr(2, content->find('\n') - 2);
  if (line.ends_with('\r')) {
    return fmt::format(
        "the lines of {0} end as on Windows, and no interpreter has such a name; run: sed -i 's/\\r$//' {0}", path);
  }
  const auto interpreter = std::string(next_word(line));
  if (!interpreter.starts_with('/')) {
    return fmt::format("the first line of {} names \"{}\"; an interpreter is named with its whole path, #!/bin/sh",
                       path, interpreter);
  }
  if (::access(interpreter.c_str(), X_OK) != 0) {
    return fmt::format("{} is run by {}, which is not there, or may not be executed", path, interpreter);
  }
  if (!interpreter.ends_with("/env")) return {};
  const auto program = std::string(next_word(line));
  // Options and settings of env(1) are its own business.
  if (program.empty() || program.starts_with('-') || program.find('=') != std::string::npos) return {};
  if (!find_program(program).empty()) return {};
  return fmt::format("{} is run by {}, and there is no such program in {}", path, program, program_search_path);
}

}  // namespace acmed
