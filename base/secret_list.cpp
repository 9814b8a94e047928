// SPDX-License-Identifier: Apache-2.0
#include "base/secret_list.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>

#include "base/foreign_text.h"

namespace acmed {
namespace {

/// Shorter ones are no secrets, and stand in too many words.
constexpr std::size_t shortest_secret = 4;
constexpr std::size_t most_known = 4096;

struct Known {
  std::shared_mutex mutex;
  SecretList secrets;
};

Known& known() {
  static Known instance;
  return instance;
}

}  // namespace

void SecretList::add(const Secret& secret, std::size_t most) {
  for (std::string_view rest = secret.reveal(); !rest.empty();) {
    const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
    const auto line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.size() < shortest_secret) continue;
    if (std::ranges::any_of(lines_, [&](const Secret& one) { return one.reveal() == line; })) continue;
    if (lines_.size() == most) lines_.erase(lines_.begin());
    lines_.emplace_back(std::string(line));
  }
}

std::string SecretList::struck_from(std::string_view text) const {
  const auto stands_there = [text](const Secret& line) { return text.find(line.reveal()) != text.npos; };
  if (std::ranges::none_of(lines_, stands_there)) return std::string(text);
  // The longest of those that stand at one place goes: a secret may begin with another one.
  std::string clean;
  while (!text.empty()) {
    std::size_t hidden = 0;
    for (const auto& line : lines_) {
      if (line.reveal().size() > hidden && text.starts_with(line.reveal())) hidden = line.reveal().size();
    }
    clean += hidden > 0 ? std::string_view("***") : text.substr(0, 1);
    text.remove_prefix(std::max<std::size_t>(hidden, 1));
  }
  return clean;
}

void keep_out_of_texts(const Secret& secret) {
  const std::unique_lock lock(known().mutex);
  known().secrets.add(secret, most_known);
}

std::string without_known_secrets(std::string_view text) {
  const std::shared_lock lock(known().mutex);
  return known().secrets.struck_from(text);
}

std::string fit_to_show(std::string_view text, std::size_t limit) {
  return one_line(without_known_secrets(text), limit);
}

}  // namespace acmed
