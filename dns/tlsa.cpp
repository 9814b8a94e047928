// SPDX-License-Identifier: Apache-2.0
#include "dns/tlsa.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/ascii.h"
#include "base/encoding.h"

namespace acmed::dns {
namespace {

constexpr std::size_t fields = 3;  // usage, selector, matching type: an octet each
constexpr std::string_view blanks = " \t";

/// Takes what stands before the next blank.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  const auto word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

/// A number within the bounds of an octet, in that base; nothing for another text.
std::optional<char> octet_in(std::string_view text, int base) {
  std::uint8_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return static_cast<char>(number);
}

}  // namespace

std::optional<std::string> tlsa_text(std::string_view octets) {
  if (octets.size() <= fields) return std::nullopt;
  const auto field = [octets](std::size_t place) {
    return static_cast<unsigned>(static_cast<std::uint8_t>(octets[place]));
  };
  return fmt::format("{} {} {} {}", field(0), field(1), field(2), hex(octets.substr(fields)));
}

std::optional<std::string> tlsa_octets(std::string_view text) {
  std::string octets;
  for (std::size_t i = 0; i < fields; ++i) {
    const auto octet = octet_in(take_word(text), 10);
    if (!octet) return std::nullopt;
    octets += *octet;
  }
  std::string digits;  // they may be written in several words
  for (auto word = take_word(text); !word.empty(); word = take_word(text)) digits += word;
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const auto octet = octet_in(std::string_view(digits).substr(i, 2), 16);
    if (!octet) return std::nullopt;
    octets += *octet;
  }
  return octets;
}

std::string tlsa_of_key(std::string_view spki_digest_in_hex) {
  return fmt::format("3 1 1 {}", ascii_lower(std::string(spki_digest_in_hex)));
}

}  // namespace acmed::dns
