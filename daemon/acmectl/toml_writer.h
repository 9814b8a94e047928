// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace acmed::acmectl {

/// `text` as a TOML string.
std::string in_toml(std::string_view text);
/// ["a", "b"]
std::string in_toml(const std::vector<std::string>& texts);
/// "90s", "10m", "30d": the largest unit that is exact.
std::string in_toml(Duration duration);

/// Writes TOML, one key a line.
class TomlWriter {
 public:
  /// "[NAME]" after an empty line. Parts of the name are quoted where they must be.
  void table(const std::vector<std::string>& name) {
    indent_ = 0;
    head("[", name, "]");
  }
  /// "[[NAME]]", `indent` columns to the right, with what follows.
  void table_of_list(const std::vector<std::string>& name, std::size_t indent = 0);
  void comment(std::string_view words);
  /// An empty line, and what follows at the left.
  void gap();

  /// `value`: TOML already.
  void raw(std::string_view key, std::string_view value);
  void text(std::string_view key, std::string_view value) { raw(key, in_toml(value)); }
  void texts(std::string_view key, const std::vector<std::string>& values) { raw(key, in_toml(values)); }
  void boolean(std::string_view key, bool value) { raw(key, value ? "true" : "false"); }
  /// Nothing is written for an empty one.
  void text_if(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  void texts_if(std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) texts(key, values);
  }

  std::string take() { return std::move(text_); }

 private:
  void head(std::string_view open, const std::vector<std::string>& name, std::string_view close);

  std::string text_;
  std::size_t indent_ = 0;
};

}  // namespace acmed::acmectl
