// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// XML as AWS writes and reads it: elements with either text or elements in them, no attributes but the namespace.
namespace acmed::providers::route53::xml {

struct Element {
  std::string name;
  std::string text{};
  std::vector<Element> children{};

  /// The first child of that name; an empty element when there is none.
  const Element& operator[](std::string_view child) const noexcept;
};

/// Reads one document; nothing when it is not well-formed or nests deeper than 16 levels.
std::optional<Element> parse(std::string_view document);

/// Writes a document whose elements are in the namespace `space`, on one line.
std::string write(const Element& root, const std::string& space);

}  // namespace acmed::providers::route53::xml
