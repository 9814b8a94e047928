// SPDX-License-Identifier: Apache-2.0
#include "config/providers/key_file.h"

#include <optional>

namespace acmed::config {
namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Splits named.conf's grammar into words: `{`, `}`, `;`, bare words and the contents of quotes.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  /// Nothing at the end.
  std::optional<std::string_view> next() {
    skip_blanks_and_comments();
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '"') {
      rest_.remove_prefix(1);
      const auto word = take(rest_.find('"'));
      if (!rest_.empty()) rest_.remove_prefix(1);
      return word;
    }
    if (rest_.find_first_of("{};") == 0) return take(1);
    return take(rest_.find_first_of(" \t\r\n{};\""));
  }

 private:
  std::string_view take(std::size_t count) {
    const auto word = rest_.substr(0, count);
    rest_.remove_prefix(word.size());
    return word;
  }

  void skip_past(std::string_view mark) {
    const auto end = rest_.find(mark);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + mark.size());
  }

  void skip_blanks_and_comments() {
    for (;;) {
      rest_.remove_prefix(std::min(rest_.find_first_not_of(blanks), rest_.size()));
      if (rest_.starts_with('#') || rest_.starts_with("//")) {
        skip_past("\n");
      } else if (rest_.starts_with("/*")) {
        skip_past("*/");
      } else {
        return;
      }
    }
  }

  std::string_view rest_;
};

constexpr const char* wanted = R"(a key file holds one block: key "NAME" { algorithm ALGORITHM; secret "BASE64"; };)";

}  // namespace

bool is_key_block(std::string_view text) {
  // Base64 contains no braces.
  return text.find('{') != std::string_view::npos;
}

Checked<KeyBlock> read_key_block(std::string_view text) {
  Words words(text);
  KeyBlock block;
  const auto word = words.next();
  const auto name = words.next();
  if (word != "key" || !name || words.next() != "{") return {{}, wanted};
  block.name = *name;
  for (;;) {
    const auto key = words.next();
    if (key == "}") break;
    const auto value = words.next();
    if (!key || !value || words.next() != ";") return {{}, wanted};
    if (*key == "algorithm") block.algorithm = *value;
    if (*key == "secret") block.secret = Secret(std::string(*value));
  }
  if (words.next() != ";" || words.next()) return {{}, wanted};
  if (block.algorithm.empty() || block.secret.empty()) return {{}, wanted};
  return {std::move(block), {}};
}

}  // namespace acmed::config
