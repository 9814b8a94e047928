// SPDX-License-Identifier: Apache-2.0
#include "config/command.h"

namespace acmed::config {

std::vector<std::string> read_command(Reader& reader, std::string_view key) {
  std::vector<std::string> argv;
  const auto* node = reader.node(key);
  if (node == nullptr) return argv;
  const auto* list = node->as<List>();
  if (list == nullptr || list->empty()) {
    reader.fault_of_kind(*node, key, R"(a program and its arguments, ["/usr/sbin/nginx", "-t"],)");
    return argv;
  }
  for (const auto& element : *list) {
    const auto* text = element.as<std::string>();
    if (text == nullptr) {
      reader.fault_of_kind(element, key, "a string");
    } else if (text->find('\0') != std::string::npos) {
      reader.fault(element.place, key, "the string holds a NUL character");
    } else {
      argv.push_back(*text);
    }
  }
  if (const auto* program = list->front().as<std::string>()) {
    const bool plain = !program->empty() && program->find_first_of("/ ") == std::string::npos;
    if (!program->starts_with('/') && !plain) {
      reader.fault(list->front().place, key,
                   in_quotes(*program) +
                       " was found; the program is an absolute path or a plain name, and each argument "
                       "a string of its own (no shell reads them)");
    }
  }
  return argv;
}

}  // namespace acmed::config
