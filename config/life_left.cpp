// SPDX-License-Identifier: Apache-2.0
#include "config/life_left.h"

#include <fmt/format.h>

#include <charconv>

namespace acmed::config {
namespace {

constexpr Duration shortest_left = std::chrono::minutes(1);
constexpr Duration longest_left = std::chrono::hours(24 * 366);

std::optional<double> fraction_from(const std::string& text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<LifeLeft> read_life_left(Reader& reader, std::string_view key) {
  const auto* node = reader.node(key);
  if (node == nullptr) return std::nullopt;
  std::optional<double> fraction;
  if (const auto* number = node->as<double>()) fraction = *number;
  if (const auto* text = node->as<std::string>()) {
    if (const auto left = parse_duration(*text)) {
      if (*left >= shortest_left && *left <= longest_left) return *left;
      reader.fault(node->place, key,
                   fmt::format("{} was found, {} to {} are allowed", in_quotes(*text), to_text(shortest_left),
                               to_text(longest_left)));
      return std::nullopt;
    }
    fraction = fraction_from(*text);
  }
  // Written this way so that NaN is rejected too.
  if (fraction && *fraction > 0 && *fraction < 1) return fraction;
  reader.fault_of_kind(*node, key,
                       "the fraction of the lifetime that is left, more than 0 and less than 1, \"0.33\", or a time "
                       "such as \"30d\",");
  return std::nullopt;
}

}  // namespace acmed::config
