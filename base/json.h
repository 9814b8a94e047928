// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace acmed::json {

class Value;
template <class Writer>
class Emitter;
using Array = std::vector<Value>;
/// Members sorted by name, so that the output is the same each time.
using Object = std::map<std::string, Value, std::less<>>;

/// A JSON value (RFC 8259). Integers are 64-bit signed; other numbers are double.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  Value(int value) : data_(std::int64_t{value}) {}
  Value(std::int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(Array value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }

  /// The value as that type, or null when it has another type.
  const bool* as_bool() const noexcept { return std::get_if<bool>(&data_); }
  const std::int64_t* as_integer() const noexcept { return std::get_if<std::int64_t>(&data_); }
  const std::string* as_string() const noexcept { return std::get_if<std::string>(&data_); }
  const Array* as_array() const noexcept { return std::get_if<Array>(&data_); }
  const Object* as_object() const noexcept { return std::get_if<Object>(&data_); }

  /// The member of that name; a null value when this is not an object or has no such member.
  const Value& operator[](std::string_view name) const noexcept;

  /// The text, or `otherwise` when this is not a string. Likewise for the others.
  std::string text_or(std::string_view otherwise = {}) const;
  std::int64_t integer_or(std::int64_t otherwise) const noexcept;
  bool bool_or(bool otherwise) const noexcept;
  /// The strings of this array, skipping other elements; empty when this is not an array.
  std::vector<std::string> texts() const;
  /// The elements of this array; empty when this is not an array.
  const Array& elements() const noexcept;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  template <class Writer>
  friend class Emitter;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

/// Parses one JSON text; nothing when it is malformed, nested deeper than 64 levels, or not UTF-8.
std::optional<Value> parse(std::string_view text);

/// Compact, without whitespace.
std::string dump(const Value& value);

/// For people: indented, one member a line, with a final newline.
std::string dump_readable(const Value& value);

}  // namespace acmed::json
