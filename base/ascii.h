// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace acmed {

/// Lower-cases A to Z; leaves everything else alone, whatever the locale.
constexpr char ascii_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string ascii_lower(std::string text) {
  for (char& c : text) c = ascii_lower(c);
  return text;
}

}  // namespace acmed
