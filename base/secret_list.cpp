// SPDX-License-Identifier: Apache-2.0
#include "base/secret_list.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "base/foreign_text.h"
#include "base/secret_forms.h"

namespace acmed {
namespace {

/// Shorter ones are no secrets, and stand in too many words.
constexpr std::size_t shortest_secret = 4;
/// Of fewer octets than this the pieces are words that stand beside each other.
constexpr std::size_t shortest_broken = 8;
constexpr std::size_t most_known = 4096;

struct Known {
  std::shared_mutex mutex;
  SecretList secrets;
};

Known& known() {
  static Known instance;
  return instance;
}

bool is_blank(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

std::size_t octets_without_blanks(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_blank));
}

/// How many octets of a blank or line end `text` begins with, which may be an escape of JSON or of a program's source.
std::size_t octets_of_blank(std::string_view text) {
  if (text.empty()) return 0;
  if (is_blank(text[0])) return 1;
  const bool is_escape = text.size() > 1 && text[0] == '\\' && (text[1] == 'r' || text[1] == 'n' || text[1] == 't');
  return is_escape ? 2 : 0;
}

/// The first four octets of `text` that are no blanks; nothing where there are fewer.
std::optional<std::uint32_t> beginning(std::string_view text) {
  std::uint32_t octets = 0;
  std::size_t count = 0;
  while (!text.empty() && count < shortest_secret) {
    if (const auto blank = octets_of_blank(text); blank > 0) {
      text.remove_prefix(blank);
      continue;
    }
    octets = octets << 8 | static_cast<unsigned char>(text[0]);
    text.remove_prefix(1);
    ++count;
  }
  if (count < shortest_secret) return std::nullopt;
  return octets;
}

/// How much of `text` is `form`, whatever blanks stand between the octets of either; 0 when it does not begin with it.
std::size_t octets_of(std::string_view form, std::string_view text) {
  if (text.starts_with(form)) return form.size();
  if (octets_without_blanks(form) < shortest_broken) return 0;
  auto rest = text;
  while (!form.empty()) {
    if (const auto blank = octets_of_blank(form); blank > 0) {
      form.remove_prefix(blank);
      continue;
    }
    while (const auto blank = octets_of_blank(rest)) rest.remove_prefix(blank);
    if (rest.empty() || rest[0] != form[0]) return 0;
    form.remove_prefix(1);
    rest.remove_prefix(1);
  }
  return text.size() - rest.size();
}

}  // namespace

void SecretList::add(const Secret& secret, std::size_t most) {
  for (std::string_view rest = secret.reveal(); !rest.empty();) {
    const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
    add_line(rest.substr(0, end), most);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void SecretList::add_line(std::string_view text, std::size_t most) {
  if (octets_without_blanks(text) < shortest_secret) return;
  if (std::ranges::any_of(lines_, [&](const Line& one) { return one.front().reveal() == text; })) return;
  Line line;
  for (auto& form : usual_forms(text)) line.emplace_back(std::move(form));
  if (lines_.size() == most) forget_oldest();
  for (const auto& form : lines_.emplace_back(std::move(line))) {
    if (const auto octets = beginning(form.reveal())) by_beginning_.emplace(*octets, &form);
  }
}

void SecretList::forget_oldest() {
  for (const auto& form : lines_.front()) {
    const auto octets = beginning(form.reveal());
    if (!octets) continue;
    const auto [begin, end] = by_beginning_.equal_range(*octets);
    const auto entry = std::find_if(begin, end, [&](const auto& one) { return one.second == &form; });
    if (entry != end) by_beginning_.erase(entry);
  }
  lines_.pop_front();
}

/// The longest of the secrets that `text` begins with: one may begin with another one.
std::size_t SecretList::octets_hidden(std::string_view text) const {
  if (is_blank(text.front())) return 0;
  const auto octets = beginning(text);
  if (!octets) return 0;
  std::size_t hidden = 0;
  const auto [begin, end] = by_beginning_.equal_range(*octets);
  for (auto entry = begin; entry != end; ++entry) hidden = std::max(hidden, octets_of(entry->second->reveal(), text));
  return hidden;
}

std::string SecretList::struck_from(std::string_view text) const {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const auto hidden = octets_hidden(text);
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
