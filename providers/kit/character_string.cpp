// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/character_string.h"

#include <fmt/format.h>

#include <optional>

namespace acmed::providers {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes the octet that `text`, which begins with a backslash, stands for; nothing when it is none.
std::optional<char> take_escaped(std::string_view& text) {
  if (text.size() >= 4 && is_digit(text[1]) && is_digit(text[2]) && is_digit(text[3])) {
    const int code = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    text.remove_prefix(4);
    return code < 256 ? std::optional(static_cast<char>(code)) : std::nullopt;
  }
  if (text.size() < 2 || is_digit(text[1])) return std::nullopt;
  const char c = text[1];
  text.remove_prefix(2);
  return c;
}

/// What `text` stands for; nothing when it is no presentation form. Blanks separate quoted strings, and belong to a
/// bare text.
std::optional<std::string> joined(std::string_view text) {
  const bool bare = !text.starts_with('"');
  std::string octets;
  bool quoted = bare;
  while (!text.empty()) {
    const char c = text.front();
    if (c == '\\') {
      const auto octet = take_escaped(text);
      if (!octet) return std::nullopt;
      octets += *octet;
      continue;
    }
    text.remove_prefix(1);
    if (c == '"' && !bare) {
      quoted = !quoted;
    } else if (quoted || (c != ' ' && c != '\t')) {
      octets += c;
    }
  }
  if (quoted != bare) return std::nullopt;
  return octets;
}

}  // namespace

std::string quoted_string(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (c >= 0x20 && c < 0x7f) {
      text += c;
    } else {
      text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
  }
  return text + '"';
}

bool is_text(std::string_view content, std::string_view value) {
  if (content == value) return true;
  return joined(content) == value;
}

}  // namespace acmed::providers
