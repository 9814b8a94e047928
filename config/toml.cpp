// SPDX-License-Identifier: Apache-2.0
#include "config/toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include <toml++/toml.h>

namespace acmed::config {
namespace {

constexpr std::size_t longest_quotation = 120;

Place place_of(const toml::source_region& region, const FileName& file) {
  return {file, region.begin.line, region.begin.column};
}

Table table_from(const toml::table& table, const FileName& file);

Node node_from(const toml::node& node, const FileName& file) {
  Node result{place_of(node.source(), file), DateOrTime{}};
  if (const auto* table = node.as_table()) {
    result.value = table_from(*table, file);
  } else if (const auto* array = node.as_array()) {
    List list;
    for (const auto& element : *array) list.push_back(node_from(element, file));
    result.value = std::move(list);
  } else if (const auto* text = node.as_string()) {
    result.value = text->get();
  } else if (const auto* integer = node.as_integer()) {
    const bool octal = (integer->flags() & toml::value_flags::format_as_octal) != toml::value_flags::none;
    result.value = Integer{integer->get(), octal};
  } else if (const auto* number = node.as_floating_point()) {
    result.value = number->get();
  } else if (const auto* boolean = node.as_boolean()) {
    result.value = boolean->get();
  }
  return result;
}

Table table_from(const toml::table& table, const FileName& file) {
  Table result;
  for (const auto& [key, node] : table) {
    Entry entry{std::string(key.str()), place_of(key.source(), file), node_from(node, file)};
    // A list of tables starts where its first table does: the parser gives it no place of its own.
    if (entry.node.place.line == 0) entry.node.place = entry.place;
    result.push_back(std::move(entry));
  }
  std::stable_sort(result.begin(), result.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  return result;
}

struct DescribeKind {
  std::string operator()(const DateOrTime&) const { return "a date or time"; }
  std::string operator()(bool) const { return "a boolean"; }
  std::string operator()(const Integer&) const { return "an integer"; }
  std::string operator()(double) const { return "a number"; }
  std::string operator()(const std::string&) const { return "a string"; }
  std::string operator()(const List&) const { return "a list"; }
  std::string operator()(const Table&) const { return "a table"; }
};

struct Describe {
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const Integer& value) const {
    return value.octal && value.value >= 0 ? fmt::format("0o{:o}", value.value) : fmt::format("{}", value.value);
  }
  std::string operator()(double value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return in_quotes(value); }
  std::string operator()(const auto& other) const { return DescribeKind()(other); }
};

}  // namespace

std::string Place::text() const {
  return fmt::format("{}:{}", file(), line);
}

std::variant<Table, TomlFault> read_toml(std::string_view text, const FileName& file) {
  try {
    const toml::table table = toml::parse(text, *file);
    return table_from(table, file);
  } catch (const toml::parse_error& error) {
    return TomlFault{place_of(error.source(), file), fmt::format("this is not TOML: {}", error.description())};
  }
}

std::string found(const Node& node) {
  return std::visit(Describe{}, node.value);
}

std::string found_kind(const Node& node) {
  return std::visit(DescribeKind{}, node.value);
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, longest_quotation)) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x20 || code == 0x7f) {
      result += fmt::format("\\x{:02x}", code);
    } else {
      result += c;
    }
  }
  return result + (text.size() > longest_quotation ? "...\"" : "\"");
}

}  // namespace acmed::config
