// SPDX-License-Identifier: Apache-2.0
#include "config/section_name.h"

#include <fmt/format.h>

#include "config/toml.h"

namespace acmed::config {

std::string fault_of_section_name(std::string_view name) {
  // It becomes part of file names, which are limited to 255 octets, and temporary files add some characters around it.
  constexpr std::size_t longest = 200;
  if (name.size() > longest) return fmt::format("the name is {} octets long, {} are allowed", name.size(), longest);
  if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") != std::string_view::npos) {
    return in_quotes(name) + " was found; a name is of lower-case letters, digits, \".\", \"_\" and \"-\"";
  }
  if (name.empty() || name.front() == '.') return in_quotes(name) + " was found; a name does not begin with a dot";
  return {};
}

}  // namespace acmed::config
