// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns_txt_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace acmed::providers {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The octet that the escape at the beginning of `text`, after its backslash, stands for; the escape is taken away.
char take_escaped(std::string_view& text) {
  if (text.size() >= 3 && is_digit(text[0]) && is_digit(text[1]) && is_digit(text[2])) {
    const int code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    text.remove_prefix(3);
    return static_cast<char>(code);
  }
  const char c = text.front();
  text.remove_prefix(1);
  return c;
}

json::Object rrset(const dns::Name& name, const char* change_type, const PowerDnsTxtSet& set) {
  return {{"name", name.with_dot()},
          {"type", "TXT"},
          {"ttl", set.ttl.value_or(0)},
          {"changetype", change_type},
          {"records", json::Array()}};
}

json::Value record_json(const PowerDnsTxt& record) {
  return json::Object{{"content", record.content}, {"disabled", record.disabled}};
}

/// Those of `records` that `others` lack, each as an element of its own: the API takes one record at a time.
void append_missing(json::Array& patch, const dns::Name& name, const char* change_type, const PowerDnsTxtSet& set,
                    const std::vector<PowerDnsTxt>& others) {
  for (const auto& record : set.records) {
    if (std::ranges::find(others, record) != others.end()) continue;
    auto element = rrset(name, change_type, set);
    element["records"] = json::Array{record_json(record)};
    patch.emplace_back(std::move(element));
  }
}

}  // namespace

bool PowerDnsTxtSet::has_disabled() const {
  return std::ranges::any_of(records, &PowerDnsTxt::disabled);
}

void PowerDnsTxtSet::make(const TxtChange& change) {
  const auto is_it = [&](const PowerDnsTxt& record) { return powerdns_value(record.content) == change.value; };
  const auto is_served = [&](const PowerDnsTxt& record) { return !record.disabled && is_it(record); };
  if (change.action == Action::remove) {
    std::erase_if(records, is_served);
    if (records.empty()) ttl.reset();
    return;
  }
  if (std::ranges::any_of(records, is_served)) return;
  // The API takes no two records of the same content, be one of them disabled.
  std::erase_if(records, is_it);
  records.push_back({powerdns_content(change.value), false});
  if (!ttl) ttl = change.ttl.count();
}

json::Array patch_of(const dns::Name& name, const PowerDnsTxtSet& before, const PowerDnsTxtSet& after, bool extends) {
  json::Array patch;
  if (before == after) return patch;
  // The server's EXTEND and PRUNE do not see disabled records, and would lose them.
  if (extends && !before.has_disabled()) {
    append_missing(patch, name, "PRUNE", before, after.records);
    append_missing(patch, name, "EXTEND", after, before.records);
    return patch;
  }
  auto element = rrset(name, "REPLACE", after);
  json::Array records;
  for (const auto& record : after.records) records.push_back(record_json(record));
  element["records"] = std::move(records);
  patch.emplace_back(std::move(element));
  return patch;
}

std::string powerdns_content(std::string_view value) {
  std::string content = "\"";
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      content += '\\';
      content += c;
    } else if (octet < 0x20 || octet >= 0x7f) {
      content += fmt::format("\\{:03}", octet);
    } else {
      content += c;
    }
  }
  return content + '"';
}

std::string powerdns_value(std::string_view content) {
  std::string value;
  bool in_quotes = false;
  while (!content.empty()) {
    const char c = content.front();
    content.remove_prefix(1);
    if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == '\\' && !content.empty()) {
      value += take_escaped(content);
    } else if (in_quotes || c != ' ') {
      value += c;  // without quotes as well: old databases hold such content
    }
  }
  return value;
}

}  // namespace acmed::providers
