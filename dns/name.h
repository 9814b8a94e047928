// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acmed::dns {

/// An absolute domain name in lower case: labels of letters, digits, '-', '_' and '*', at most 63 octets each and 253
/// in total. The root is the name without labels. Compared and sorted as text.
class Name {
 public:
  Name() = default;  ///< the root

  /// Parses "example.test" or "example.test."; nothing when it is not a name.
  static std::optional<Name> parse(std::string_view text);
  /// For names known to be valid, such as those of a checked configuration. Throws std::invalid_argument.
  explicit Name(std::string_view text);

  const std::string& text() const noexcept { return text_; }  ///< without the final dot; empty for the root
  std::string with_dot() const { return text_ + "."; }
  bool is_root() const noexcept { return text_.empty(); }
  std::size_t label_count() const noexcept;
  Name parent() const;                                      ///< one label fewer; the root is its own parent
  bool is_within(const Name& ancestor) const;               ///< equal to or below `ancestor`
  bool is_wildcard() const noexcept;                        ///< begins with "*."
  bool starts_with(std::string_view label) const noexcept;  ///< whether that is its first label, whole
  Name prefixed(std::string_view label) const;              ///< LABEL.this; throws std::invalid_argument when too long

  friend std::strong_ordering operator<=>(const Name&, const Name&) = default;
  friend bool operator==(const Name&, const Name&) = default;

 private:
  std::string text_;
};

}  // namespace acmed::dns
