// SPDX-License-Identifier: Apache-2.0
#include "providers/foreign_words.h"

#include <algorithm>

#include "base/foreign_text.h"

namespace acmed::providers {
namespace {

/// Shorter ones are no secrets, and stand in too many words.
constexpr std::size_t shortest_secret = 4;

}  // namespace

ForeignWords::ForeignWords(const std::vector<Secret>& secrets) {
  for (const auto& secret : secrets) {
    // A key in PEM, say, is shown line by line.
    for (std::string_view rest = secret.reveal(); !rest.empty();) {
      const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
      if (end >= shortest_secret) secrets_.emplace_back(std::string(rest.substr(0, end)));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  std::ranges::sort(secrets_, std::greater(), [](const Secret& secret) { return secret.reveal().size(); });
}

std::string ForeignWords::without_secrets(std::string_view text) const {
  std::string clean(text);
  for (const auto& secret : secrets_) {
    const auto& hidden = secret.reveal();
    for (auto at = clean.find(hidden); at != std::string::npos; at = clean.find(hidden, at + 3)) {
      clean.replace(at, hidden.size(), "***");
    }
  }
  return clean;
}

std::string ForeignWords::line(std::string_view text, std::size_t limit) const {
  return one_line(without_secrets(text), limit);
}

std::vector<std::string> ForeignWords::lines(std::string_view text, std::size_t limit) const {
  return lines_of(without_secrets(text), limit);
}

std::string ForeignWords::last(std::string_view text, std::size_t limit) const {
  return last_words(without_secrets(text), limit);
}

}  // namespace acmed::providers
