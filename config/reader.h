// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/checked.h"
#include "config/faults.h"
#include "config/suggest.h"
#include "config/toml.h"
#include "config/urls.h"

namespace acmed::config {

/// A string and its place.
struct Text {
  std::string value;
  Place place;
};

/// Reads one table key by key. Every key that is asked for counts as known; end() reports all others. A value of the
/// wrong type is reported and then treated as absent. The table and the FaultList must outlive it.
class Reader {
 public:
  /// `path`: the table's name in sentences, "ca.letsencrypt"; empty for the whole file.
  Reader(const Table& table, Place place, std::string path, FaultList& faults);

  std::optional<Text> text(std::string_view key);  ///< not empty
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
  std::optional<Duration> duration(std::string_view key, Duration least, Duration most);
  std::optional<std::vector<Text>> texts(std::string_view key);  ///< a list of non-empty strings
  std::optional<Reader> table(std::string_view key);
  /// Like table(), for a table that holds secrets: values of the wrong type, in it or in its place, are not repeated.
  std::optional<Reader> secret_table(std::string_view key);
  std::vector<Reader> tables(std::string_view key);  ///< [[KEY]]
  const Node* node(std::string_view key);            ///< of any type; null when absent

  /// Reports that `key` "is missing: WHAT" if it is absent. Returns whether it is present.
  bool required(std::string_view key, std::string_view what);

  using Check = Checked<> (*)(std::string_view text);
  /// A string as `check` returns it; when `check` objects, that is reported and the string treated as absent.
  std::optional<std::string> checked(std::string_view key, Check check);
  /// A URL without trailing slashes, so that a path can be appended; an http URL of another host only with
  /// `allow_http`, which is read from the same table.
  std::optional<std::string> url(std::string_view key, Check check = http_url);
  /// The same for a service whose requests hold no secret since they are signed: http is allowed.
  std::optional<std::string> url_of_signed(std::string_view key);

  /// One of a fixed set of words.
  template <class T>
  std::optional<T> choice(std::string_view key, const std::vector<std::pair<std::string, T>>& words) {
    const auto given = text(key);
    if (!given) return std::nullopt;
    std::vector<std::string> allowed;
    for (const auto& [word, meaning] : words) {
      if (word == given->value) return meaning;
      allowed.push_back(word);
    }
    fault(given->place, key,
          in_quotes(given->value) + " is not one of " + listed(allowed) + did_you_mean(given->value, allowed));
    return std::nullopt;
  }

  /// Reports `key`, if present, as not available here: "SENTENCE".
  void refuse(std::string_view key, std::string_view sentence);

  /// Reports every key that was not asked for.
  void end();

  void fault(const Place& place, std::string_view key, std::string_view sentence);
  /// A fault of the table itself: a missing key, keys that exclude each other.
  void fault(std::string_view key, std::string_view sentence) { fault(place_, key, sentence); }
  void fault_of_kind(const Node& node, std::string_view key, std::string_view allowed);

  const Place& place() const noexcept { return place_; }
  const Table& entries() const noexcept { return *table_; }
  const std::string& path() const noexcept { return path_; }
  FaultList& faults() const noexcept { return *faults_; }
  std::string name_of(std::string_view key) const;  ///< in full

 private:
  const Entry* find(std::string_view key);
  std::optional<Text> text_of(const Node& node, std::string_view key);

  const Table* table_;
  Place place_;
  std::string path_;
  FaultList* faults_;
  bool holds_secrets_ = false;
  std::vector<std::string> known_;
};

}  // namespace acmed::config
