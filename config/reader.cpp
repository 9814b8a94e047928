// SPDX-License-Identifier: Apache-2.0
#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/other_clients.h"

namespace acmed::config {
namespace {

std::string without_trailing_slashes(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Reader::Reader(const Table& table, Place place, std::string path, FaultList& faults)
    : table_(&table), place_(std::move(place)), path_(std::move(path)), faults_(&faults) {}

std::string Reader::name_of(std::string_view key) const {
  if (key.empty()) return path_;
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

const Entry* Reader::find(std::string_view key) {
  known_.emplace_back(key);
  const auto entry = std::find_if(table_->begin(), table_->end(), [&](const Entry& e) { return e.key == key; });
  return entry == table_->end() ? nullptr : &*entry;
}

const Node* Reader::node(std::string_view key) {
  const auto* entry = find(key);
  return entry == nullptr ? nullptr : &entry->node;
}

void Reader::fault(const Place& place, std::string_view key, std::string_view sentence) {
  faults_->add(place, name_of(key), sentence);
}

void Reader::fault_of_kind(const Node& node, std::string_view key, std::string_view allowed) {
  fault(node.place, key,
        fmt::format("{} was found, {} is wanted", holds_secrets_ ? found_kind(node) : found(node), allowed));
}

std::optional<Text> Reader::text_of(const Node& node, std::string_view key) {
  const auto* text = node.as<std::string>();
  if (text == nullptr) {
    fault_of_kind(node, key, "a string");
  } else if (text->empty()) {
    fault(node.place, key, "an empty string was found; leave the key out or give it a value");
  } else if (text->find('\0') != std::string::npos) {
    fault(node.place, key, "the string holds a NUL character");
  } else {
    return Text{*text, node.place};
  }
  return std::nullopt;
}

std::optional<Text> Reader::text(std::string_view key) {
  const auto* value = node(key);
  return value == nullptr ? std::nullopt : text_of(*value, key);
}

bool Reader::required(std::string_view key, std::string_view what) {
  if (node(key) != nullptr) return true;
  fault(key, fmt::format("is missing: {}", what));
  return false;
}

std::optional<std::string> Reader::checked(std::string_view key, Check check) {
  const auto given = text(key);
  if (!given) return std::nullopt;
  auto result = check(given->value);
  if (result.good()) return std::move(result.value);
  fault(given->place, key, result.fault);
  return std::nullopt;
}

std::optional<std::string> Reader::url(std::string_view key, Check check) {
  auto url = checked(key, check);
  const bool allowed = boolean("allow_http").value_or(false);
  if (url && is_in_the_clear(*url) && !allowed) {
    fault(node(key)->place, key,
          in_quotes(*url) +
              " would send secrets to another host in the clear; give an https URL, or say that the network "
              "between may read and change them: allow_http = true");
  }
  if (url) *url = without_trailing_slashes(*std::move(url));
  return url;
}

std::optional<std::string> Reader::url_of_signed(std::string_view key) {
  auto url = checked(key, http_url);
  if (url) *url = without_trailing_slashes(*std::move(url));
  return url;
}

std::optional<bool> Reader::boolean(std::string_view key) {
  const auto* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* boolean = value->as<bool>()) return *boolean;
  fault_of_kind(*value, key, "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Reader::integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const auto* value = node(key);
  if (value == nullptr) return std::nullopt;
  const auto* integer = value->as<Integer>();
  if (integer != nullptr && integer->value >= least && integer->value <= most) return integer->value;
  fault_of_kind(*value, key, fmt::format("an integer from {} to {}", least, most));
  return std::nullopt;
}

std::optional<Duration> Reader::duration(std::string_view key, Duration least, Duration most) {
  const auto* value = node(key);
  if (value == nullptr) return std::nullopt;
  const auto* text = value->as<std::string>();
  const auto duration = text == nullptr ? std::nullopt : parse_duration(*text);
  if (!duration) {
    fault_of_kind(*value, key, R"(a duration with its unit, such as "250ms", "90s", "10m", "6h" or "30d",)");
    return std::nullopt;
  }
  if (*duration >= least && *duration <= most) return duration;
  fault(value->place, key,
        fmt::format("{} was found, {} to {} are allowed", in_quotes(*text), to_text(least), to_text(most)));
  return std::nullopt;
}

std::optional<std::vector<Text>> Reader::texts(std::string_view key) {
  const auto* value = node(key);
  if (value == nullptr) return std::nullopt;
  const auto* list = value->as<List>();
  if (list == nullptr) {
    fault_of_kind(*value, key, "a list of strings, [\"...\"],");
    return std::nullopt;
  }
  std::vector<Text> result;
  for (const auto& element : *list) {
    if (auto text = text_of(element, key)) result.push_back(*std::move(text));
  }
  return result;
}

std::optional<Reader> Reader::table(std::string_view key) {
  const auto* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* inner = value->as<Table>()) return Reader(*inner, value->place, name_of(key), *faults_);
  fault_of_kind(*value, key, "a table");
  return std::nullopt;
}

std::optional<Reader> Reader::secret_table(std::string_view key) {
  const bool before = std::exchange(holds_secrets_, true);
  auto inner = table(key);
  holds_secrets_ = before;
  if (inner) inner->holds_secrets_ = true;
  return inner;
}

std::vector<Reader> Reader::tables(std::string_view key) {
  std::vector<Reader> result;
  const auto* value = node(key);
  if (value == nullptr) return result;
  const auto* list = value->as<List>();
  if (list == nullptr) {
    const auto name = name_of(key);
    fault(value->place, key,
          value->as<Table>() != nullptr
              ? fmt::format("there may be several of these: write [[{}]] with two brackets", name)
              : fmt::format("{} was found, [[{}]] tables are wanted", found(*value), name));
    return result;
  }
  for (const auto& element : *list) {
    if (const auto* inner = element.as<Table>()) {
      result.emplace_back(*inner, element.place, name_of(key), *faults_);
    } else {
      fault_of_kind(element, key, "a table");
    }
  }
  return result;
}

void Reader::refuse(std::string_view key, std::string_view sentence) {
  if (const auto* entry = find(key)) fault(entry->place, key, sentence);
}

void Reader::end() {
  for (const auto& entry : *table_) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    auto hint = did_you_mean(entry.key, known_);
    const auto others = hint_for_word_of_others(entry.key);
    if (hint.empty() && !others.empty()) hint = fmt::format("; {}", others);
    fault(entry.place, in_quotes(entry.key) == "\"" + entry.key + "\"" ? entry.key : in_quotes(entry.key),
          "there is no such key" + hint);
  }
}

}  // namespace acmed::config
