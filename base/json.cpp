// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#define RAPIDJSON_HAS_STDSTRING 1
#include <rapidjson/error/error.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace acmed::json {
namespace {

constexpr std::size_t deepest_nesting = 64;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// RapidJSON's idea of an allocator, by C++'s own: texts may be keys, and what `delete` frees is wiped
/// (daemon/wiping_delete.cpp).
struct Memory {
  void* Malloc(std::size_t size) { return size == 0 ? nullptr : ::operator new(size); }
  void* Realloc(void* old, std::size_t old_size, std::size_t size) {
    void* fresh = Malloc(size);
    if (fresh != nullptr && old != nullptr) std::memcpy(fresh, old, std::min(old_size, size));
    Free(old);
    return fresh;
  }
  static void Free(void* memory) noexcept { ::operator delete(memory); }
};

using Reader = rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, Memory>;

/// Where RapidJSON's writers put what they write.
struct Text {
  using Ch = char;

  void Put(char c) { octets += c; }
  void Flush() {}

  std::string octets;
};

/// Builds a Value from the reader's events. Containers under construction are kept on a stack of our own, so that
/// hostile nesting costs no call stack.
class Builder {
 public:
  bool Null() { return add(Value()); }
  bool Bool(bool value) { return add(Value(value)); }
  bool Int(int value) { return add(Value(value)); }
  bool Uint(unsigned value) { return add(Value(std::int64_t{value})); }
  bool Int64(std::int64_t value) { return add(Value(value)); }
  bool Uint64(std::uint64_t value) {
    // What needs more than 32 bits comes here, also when 63 are enough.
    if (value > std::numeric_limits<std::int64_t>::max()) return add(Value(static_cast<double>(value)));
    return add(Value(static_cast<std::int64_t>(value)));
  }
  bool Double(double value) { return add(Value(value)); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool) { return add(Value(std::string(text, length))); }
  bool StartObject() { return open(Object{}); }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    open_.back().key.assign(text, length);
    return true;
  }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(Array{}); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  Value take() { return std::move(root_); }

 private:
  struct Open {
    std::variant<Array, Object> container;
    std::string key;
  };

  bool open(std::variant<Array, Object> container) {
    if (open_.size() == deepest_nesting) return false;
    open_.push_back({std::move(container), {}});
    return true;
  }

  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    return add(std::visit([](auto& container) { return Value(std::move(container)); }, done.container));
  }

  bool add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<Array>(&open_.back().container)) {
      array->push_back(std::move(value));
    } else {
      std::get<Object>(open_.back().container).insert_or_assign(std::move(open_.back().key), std::move(value));
    }
    return true;
  }

  std::vector<Open> open_;
  Value root_;
};

}  // namespace

/// Writes a Value with one of RapidJSON's writers.
template <class Writer>
class Emitter {
 public:
  explicit Emitter(Writer& writer) : writer_(writer) {}

  void emit(const Value& value) { std::visit(*this, value.data_); }

  void operator()(std::monostate) { writer_.Null(); }
  void operator()(bool value) { writer_.Bool(value); }
  void operator()(std::int64_t value) { writer_.Int64(value); }
  void operator()(double value) { writer_.Double(value); }
  void operator()(const std::string& value) {
    writer_.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  void operator()(const Array& array) {
    writer_.StartArray();
    for (const auto& element : array) emit(element);
    writer_.EndArray();
  }
  void operator()(const Object& object) {
    writer_.StartObject();
    for (const auto& [name, member] : object) {
      writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
      emit(member);
    }
    writer_.EndObject();
  }

 private:
  Writer& writer_;
};

const Value& Value::operator[](std::string_view name) const noexcept {
  static const Value null;
  const auto* object = as_object();
  if (object == nullptr) return null;
  const auto found = object->find(name);
  return found == object->end() ? null : found->second;
}

std::string Value::text_or(std::string_view otherwise) const {
  const auto* text = as_string();
  return text != nullptr ? *text : std::string(otherwise);
}

std::int64_t Value::integer_or(std::int64_t otherwise) const noexcept {
  const auto* integer = as_integer();
  return integer != nullptr ? *integer : otherwise;
}

bool Value::bool_or(bool otherwise) const noexcept {
  const auto* value = as_bool();
  return value != nullptr ? *value : otherwise;
}

std::vector<std::string> Value::texts() const {
  std::vector<std::string> result;
  for (const auto& element : elements()) {
    if (const auto* text = element.as_string()) result.push_back(*text);
  }
  return result;
}

const Array& Value::elements() const noexcept {
  static const Array none;
  const auto* array = as_array();
  return array != nullptr ? *array : none;
}

std::optional<Value> parse(std::string_view text) {
  // Nobody may send one, but some servers do (RFC 8259 §8.1).
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  rapidjson::MemoryStream stream(text.data(), text.size());
  Reader reader;
  Builder builder;
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  if (!reader.Parse<flags>(stream, builder)) return std::nullopt;
  // The reader takes a NUL for the end of the text.
  if (stream.Tell() != text.size()) return std::nullopt;
  return builder.take();
}

std::string dump(const Value& value) {
  Text text;
  rapidjson::Writer<Text> writer(text);
  Emitter(writer).emit(value);
  return std::move(text.octets);
}

std::string dump_readable(const Value& value) {
  Text text;
  rapidjson::PrettyWriter<Text> writer(text);
  writer.SetIndent(' ', 2);
  Emitter(writer).emit(value);
  return std::move(text.octets) + '\n';
}

}  // namespace acmed::json
