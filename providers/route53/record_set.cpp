// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/record_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace acmed::providers::route53 {
namespace {

constexpr std::array<std::string_view, 4> plain_elements = {"Name", "Type", "TTL", "ResourceRecords"};

bool is_octal_digit(char c) {
  return c >= '0' && c <= '7';
}

/// The character that `text` begins with after a '\', and how many characters it took.
std::pair<char, std::size_t> escaped(std::string_view text) {
  if (text.size() >= 3 && text[0] <= '3' && std::ranges::all_of(text.substr(0, 3), is_octal_digit)) {
    return {static_cast<char>((text[0] - '0') * 64 + (text[1] - '0') * 8 + (text[2] - '0')), 3};
  }
  return {text[0], 1};
}

}  // namespace

std::string name_text(const dns::Name& name) {
  std::string text;
  for (const char c : name.text()) text += c == '*' ? "\\052" : std::string(1, c);
  return text + ".";
}

std::optional<dns::Name> name_in(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    if (text[0] != '\\') {
      name += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text.size() == 1) return std::nullopt;
    const auto [c, taken] = escaped(text.substr(1));
    if (c == '.') return std::nullopt;  // within a label
    name += c;
    text.remove_prefix(1 + taken);
  }
  return dns::Name::parse(name);
}

std::string sort_key(std::string_view name_text) {
  if (name_text.ends_with('.')) name_text.remove_suffix(1);
  std::string key;
  for (;;) {
    const auto dot = name_text.rfind('.');
    key += std::string(dot == name_text.npos ? name_text : name_text.substr(dot + 1)) + ".";
    if (dot == name_text.npos) return key;
    name_text = name_text.substr(0, dot);
  }
}

std::string quoted_text(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += {'\\', c};
    } else if (octet < 0x20 || octet > 0x7e) {
      text += fmt::format("\\{:03o}", octet);
    } else {
      text += c;
    }
  }
  return text + "\"";
}

std::optional<std::string> unquoted_text(std::string_view text) {
  std::string value;
  bool inside = false;
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c == '"') {
      inside = !inside;
    } else if (!inside) {
      if (c != ' ' && c != '\t') return std::nullopt;
    } else if (c != '\\') {
      value += c;
    } else if (text.empty()) {
      return std::nullopt;
    } else {
      const auto [octet, taken] = escaped(text);
      value += octet;
      text.remove_prefix(taken);
    }
  }
  if (inside) return std::nullopt;
  return value;
}

ListedSet listed_set(const xml::Element& element) {
  ListedSet set;
  set.name = element["Name"].text;
  set.type = element["Type"].text;
  set.plain = std::ranges::all_of(element.children, [](const xml::Element& child) {
    return std::ranges::find(plain_elements, child.name) != plain_elements.end();
  });
  const auto& ttl = element["TTL"].text;
  std::uint32_t seconds = 0;
  std::from_chars(ttl.data(), ttl.data() + ttl.size(), seconds);
  set.set.ttl = std::chrono::seconds(seconds);
  for (const auto& record : element["ResourceRecords"].children) set.set.records.push_back({record["Value"].text});
  return set;
}

xml::Element txt_set_element(const dns::Name& name, const TxtSet& set) {
  xml::Element records{"ResourceRecords"};
  for (const auto& record : set.records) {
    records.children.push_back({"ResourceRecord", "", {{"Value", record.content}}});
  }
  return {"ResourceRecordSet",
          "",
          {{"Name", name_text(name)},
           {"Type", "TXT"},
           {"TTL", std::to_string(set.ttl.value().count())},
           std::move(records)}};
}

}  // namespace acmed::providers::route53
