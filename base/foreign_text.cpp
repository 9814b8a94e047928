// SPDX-License-Identifier: Apache-2.0
#include "base/foreign_text.h"

#include <algorithm>
#include <cstdint>

namespace acmed {
namespace {

constexpr std::size_t lines_in_last_words = 3;

struct Character {
  std::uint32_t code = 0;
  std::size_t octets = 0;  ///< 0: the text does not begin with a character in UTF-8
};

/// The character that `text`, which is not empty, begins with (RFC 3629 §4).
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t octets = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < octets) return {};
  std::uint32_t code = lead & (0xFFU >> (octets + 1));
  for (std::size_t i = 1; i < octets; ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    if ((octet & 0xC0) != 0x80) return {};
    code = code << 6 | (octet & 0x3FU);
  }
  const bool overlong = (octets == 3 && code < 0x800) || (octets == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (overlong || surrogate || code > 0x10FFFF) return {};
  return {code, octets};
}

/// Whether the character would move the cursor, break the line or turn the direction of what follows.
bool acts_on_terminal(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || (code >= 0x200E && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::string one_line(std::string_view text, std::size_t limit) {
  std::string line;
  while (!text.empty()) {
    const auto character = first_character(text);
    const std::size_t octets = character.octets == 0 ? 1 : character.octets;
    std::string_view shown = text.substr(0, octets);
    if (character.octets == 0) shown = "?";
    if (character.octets > 0 && acts_on_terminal(character.code)) shown = " ";
    text.remove_prefix(octets);
    if (shown == " " && (line.empty() || line.back() == ' ')) continue;
    if (line.size() + shown.size() > limit) return line + "...";
    line += shown;
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::vector<std::string> lines_of(std::string_view text, std::size_t limit) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    if (auto line = one_line(text.substr(0, end), limit); !line.empty()) lines.push_back(std::move(line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string last_words(std::string_view text, std::size_t limit) {
  const auto lines = lines_of(text, limit);
  std::string words;
  for (std::size_t i = lines.size() - std::min(lines.size(), lines_in_last_words); i < lines.size(); ++i) {
    words += (words.empty() ? "" : " / ") + lines[i];
  }
  return words;
}

bool is_base64url(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace acmed
