// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/ascii.h"
#include "base/http/client.h"
#include "base/http_date.h"

namespace acmed::http {
namespace {

constexpr std::string_view blanks = " \t";

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Takes what stands before the next of `delimiters` that is not inside a quoted string; the delimiter stays.
std::string_view take_until(std::string_view& text, std::string_view delimiters) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (quoted && text[end] == '\\') {
      ++end;
    } else if (text[end] == '"') {
      quoted = !quoted;
    } else if (!quoted && delimiters.find(text[end]) != delimiters.npos) {
      break;
    }
  }
  end = std::min(end, text.size());
  const auto taken = text.substr(0, end);
  text.remove_prefix(end);
  return taken;
}

/// Whether a link's parameter is rel, and then whether `relation` is in its list (RFC 8288 §3.3).
std::optional<bool> names_relation(std::string_view parameter, std::string_view relation) {
  const auto equals = parameter.find('=');
  if (equals == parameter.npos || !equal_ignoring_case(trimmed(parameter.substr(0, equals)), "rel")) return {};
  auto list = trimmed(parameter.substr(equals + 1));
  if (list.size() >= 2 && list.front() == '"' && list.back() == '"') list = list.substr(1, list.size() - 2);
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(blanks), list.size());
    if (end > 0 && equal_ignoring_case(list.substr(0, end), relation)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

/// Adds the targets of one Link header that have `relation`. What is malformed ends the header.
void add_links(std::string_view header, std::string_view relation, std::vector<std::string>& targets) {
  for (;;) {
    const auto start = header.find_first_not_of(" \t,");
    if (start == header.npos || header[start] != '<') return;
    const auto end = header.find('>', start);
    if (end == header.npos) return;
    const auto target = header.substr(start + 1, end - start - 1);
    header.remove_prefix(end + 1);
    std::optional<bool> wanted;
    take_until(header, ";,");
    while (!header.empty() && header.front() == ';') {
      header.remove_prefix(1);
      const auto answer = names_relation(take_until(header, ";,"), relation);
      if (!wanted) wanted = answer;  // a second rel must be ignored
    }
    if (wanted.value_or(false)) targets.emplace_back(target);
  }
}

}  // namespace

std::optional<std::string> Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Response::all_headers(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : headers) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::vector<std::string> Response::links(std::string_view relation) const {
  std::vector<std::string> targets;
  for (const auto& [key, value] : headers) {
    if (key == "link") add_links(value, relation, targets);
  }
  return targets;
}

std::optional<Time> Response::retry_after(Time now, Duration longest) const {
  const auto named = header("retry-after");
  const auto own_date = header("date");
  // A date is one of the server's clock, which may not be ours: how much later than its answer it is counts (RFC 9110
  // §6.6.1). Where that makes no sense, the date itself.
  const auto answered = own_date ? parse_http_date(*own_date).value_or(now) : now;
  for (const auto& from : {answered, now}) {
    const auto time = named ? parse_retry_after(*named, from) : std::nullopt;
    if (time && *time > from) return now + std::min<Duration>(*time - from, longest);
  }
  return std::nullopt;
}

std::string Response::media_type() const {
  const auto type = header("content-type").value_or("");
  return ascii_lower(std::string(trimmed(std::string_view(type).substr(0, type.find(';')))));
}

}  // namespace acmed::http
