// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/import/key_values.h"

#include "base/crypto/encoding.h"

namespace acmed::acmectl::import {
namespace {

constexpr std::string_view begin_base64 = "__ACME_BASE64__START_";
constexpr std::string_view end_base64 = "__ACME_BASE64__END_";

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == text.npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

template <class Take>
void for_each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    take(text.substr(0, end));
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
}

std::string unquoted(std::string value) {
  if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"') && value.back() == value.front()) {
    value = value.substr(1, value.size() - 2);
  }
  return value;
}

std::string decoded(std::string value) {
  if (!value.starts_with(begin_base64) || !value.ends_with(end_base64)) return value;
  const auto inner = value.substr(begin_base64.size(), value.size() - begin_base64.size() - end_base64.size());
  auto octets = crypto::from_base64(inner);
  return octets ? *std::move(octets) : value;
}

}  // namespace

KeyValues read_ini(std::string_view text) {
  KeyValues values;
  for_each_line(text, [&values](std::string_view line) {
    const auto equals = line.find('=');
    const auto key = trimmed(line.substr(0, equals));
    if (equals == line.npos || key.empty() || key.front() == '#' || key.front() == ';' || key.front() == '[') return;
    values[key] = unquoted(trimmed(line.substr(equals + 1)));
  });
  return values;
}

KeyValues read_shell(std::string_view text) {
  KeyValues values;
  for_each_line(text, [&values](std::string_view line) {
    const auto equals = line.find('=');
    const auto key = trimmed(line.substr(0, equals));
    if (equals == line.npos || key.empty() || key.front() == '#') return;
    values[key] = decoded(unquoted(trimmed(line.substr(equals + 1))));
  });
  return values;
}

std::string value_of(const KeyValues& values, std::string_view key) {
  const auto found = values.find(key);
  return found == values.end() ? std::string() : found->second;
}

}  // namespace acmed::acmectl::import
