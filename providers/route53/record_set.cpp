// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/record_set.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "providers/kit/character_string.h"

namespace acmed::providers::route53 {
namespace {

constexpr std::array<std::string_view, 4> plain_elements = {"Name", "Type", "TTL", "ResourceRecords"};

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
    const auto c = take_escaped(text, Escapes::octal);
    if (!c || *c == '.') return std::nullopt;  // within a label
    name += *c;
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

xml::Element set_element(const dns::Name& name, dns::Type type, const TxtSet& set) {
  xml::Element records{"ResourceRecords"};
  for (const auto& record : set.records) {
    records.children.push_back({"ResourceRecord", "", {{"Value", record.content}}});
  }
  return {"ResourceRecordSet",
          "",
          {{"Name", name_text(name)},
           {"Type", std::string(type_text(type))},
           {"TTL", std::to_string(set.ttl.value().count())},
           std::move(records)}};
}

}  // namespace acmed::providers::route53
