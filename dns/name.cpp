// SPDX-License-Identifier: Apache-2.0
#include "dns/name.h"

#include <algorithm>
#include <stdexcept>

namespace acmed::dns {
namespace {

constexpr std::size_t longest_label = 63;
constexpr std::size_t longest_name = 253;  // as text without the final dot: 255 octets on the wire (RFC 1035 §2.3.4)

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= longest_label && std::ranges::all_of(label, is_name_character);
}

}  // namespace

std::optional<Name> Name::parse(std::string_view text) {
  if (text == ".") return Name();
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > longest_name) return std::nullopt;

  Name name;
  name.text_ = text;
  // Not tolower(): DNS folds ASCII alone (RFC 4343 §3), whatever the locale.
  for (char& c : name.text_) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (std::string_view rest = name.text_;;) {
    const auto dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return std::nullopt;
    if (dot == std::string_view::npos) return name;
    rest.remove_prefix(dot + 1);
  }
}

Name::Name(std::string_view text) {
  auto name = parse(text);
  if (!name) throw std::invalid_argument("\"" + std::string(text) + "\" is not a domain name");
  *this = *std::move(name);
}

std::size_t Name::label_count() const noexcept {
  return is_root() ? 0 : static_cast<std::size_t>(std::ranges::count(text_, '.')) + 1;
}

Name Name::parent() const {
  const auto dot = text_.find('.');
  Name above;
  if (dot != std::string::npos) above.text_ = text_.substr(dot + 1);
  return above;
}

bool Name::is_within(const Name& ancestor) const {
  if (ancestor.is_root()) return true;
  if (!text_.ends_with(ancestor.text_)) return false;
  return text_.size() == ancestor.text_.size() || text_[text_.size() - ancestor.text_.size() - 1] == '.';
}

bool Name::is_wildcard() const noexcept {
  return text_.starts_with("*.");
}

bool Name::starts_with(std::string_view label) const noexcept {
  return std::string_view(text_).substr(0, text_.find('.')) == label;
}

Name Name::prefixed(std::string_view label) const {
  return Name(is_root() ? std::string(label) : std::string(label) + '.' + text_);
}

}  // namespace acmed::dns
