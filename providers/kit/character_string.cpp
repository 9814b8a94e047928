// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/character_string.h"

#include <fmt/format.h>

#include <algorithm>

namespace acmed::providers {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The octet that three digits stand for; nothing when they are none, or stand for more.
std::optional<char> octet_in(std::string_view digits, Escapes escapes) {
  const int base = escapes == Escapes::octal ? 8 : 10;
  const auto is_one = [base](char c) { return c >= '0' && c < '0' + base; };
  if (digits.size() < 3 || !std::ranges::all_of(digits, is_one)) return std::nullopt;
  const int code = ((digits[0] - '0') * base + (digits[1] - '0')) * base + (digits[2] - '0');
  return code < 256 ? std::optional(static_cast<char>(code)) : std::nullopt;
}

}  // namespace

std::optional<char> take_escaped(std::string_view& text, Escapes escapes) {
  if (text.size() < 2) return std::nullopt;
  if (const auto octet = octet_in(text.substr(1, 3), escapes)) {
    text.remove_prefix(4);
    return octet;
  }
  const char c = text[1];
  if (is_digit(c) && escapes == Escapes::decimal) return std::nullopt;
  text.remove_prefix(2);
  return c;
}

std::string quoted_string(std::string_view value, Escapes escapes) {
  std::string text = "\"";
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (c >= 0x20 && c < 0x7f) {
      text += c;
    } else {
      text += escapes == Escapes::octal ? fmt::format("\\{:03o}", octet) : fmt::format("\\{:03}", octet);
    }
  }
  return text + '"';
}

std::optional<std::string> text_in(std::string_view content, Escapes escapes) {
  const bool bare = !content.starts_with('"');
  std::string octets;
  bool quoted = bare;
  while (!content.empty()) {
    const char c = content.front();
    if (c == '\\' && quoted) {
      const auto octet = take_escaped(content, escapes);
      if (!octet) return std::nullopt;
      octets += *octet;
      continue;
    }
    content.remove_prefix(1);
    if (c == '"' && !bare) {
      quoted = !quoted;
    } else if (quoted) {
      octets += c;
    } else if (c != ' ' && c != '\t') {
      return std::nullopt;
    }
  }
  if (quoted != bare) return std::nullopt;
  return octets;
}

bool is_text(std::string_view content, std::string_view value, Escapes escapes) {
  return content == value || text_in(content, escapes) == value;
}

}  // namespace acmed::providers
