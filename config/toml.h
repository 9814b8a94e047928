// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// TOML as plain values that remember their place. Only toml.cpp knows the parser itself.
namespace acmed::config {

/// The name of a configuration file, shared by all places in it.
using FileName = std::shared_ptr<const std::string>;

/// A place in a configuration file; lines and columns count from 1.
struct Place {
  FileName name;
  unsigned line = 0;
  unsigned column = 0;

  const std::string& file() const { return *name; }
  std::string text() const;  ///< "FILE:LINE"
};

struct Node;
struct Entry;
using List = std::vector<Node>;
using Table = std::vector<Entry>;  ///< in file order

struct Integer {
  std::int64_t value = 0;
  bool octal = false;  ///< written as 0o...
};

/// A date or time: no key takes one, so its value is not kept.
struct DateOrTime {};

struct Node {
  Place place;
  std::variant<DateOrTime, bool, Integer, double, std::string, List, Table> value;

  /// The value as a T, or null when it is of another type.
  template <class T>
  const T* as() const noexcept {
    return std::get_if<T>(&value);
  }
};

/// One key of a table. A dotted key a.b is table a with the key b.
struct Entry {
  std::string key;
  Place place;
  Node node;
};

/// A syntax error in the text itself.
struct TomlFault {
  Place place;
  std::string sentence;
};

/// Reads the text of `file`.
std::variant<Table, TomlFault> read_toml(std::string_view text, const FileName& file);

/// How messages name what was found: `"text"`, `12`, `a list`.
std::string found(const Node& node);

/// The same without the value, which may be a secret: `a string`, `an integer`.
std::string found_kind(const Node& node);

/// The text in quotes, shortened and with control characters escaped, fit for a sentence.
std::string in_quotes(std::string_view text);

}  // namespace acmed::config
