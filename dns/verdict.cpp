// SPDX-License-Identifier: Apache-2.0
#include "dns/verdict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/foreign_text.h"

namespace acmed::dns {
namespace {

constexpr std::size_t most_others_named = 2;
constexpr std::size_t longest_other = 64;  // a challenge value has 43

std::string named(const std::set<std::string>& others) {
  std::vector<std::string> texts;
  for (const auto& other : others) {
    if (texts.size() == most_others_named) break;
    texts.push_back("\"" + one_line(other, longest_other) + "\"");
  }
  const auto unnamed = others.size() - texts.size();
  return fmt::format("{}{}", fmt::join(texts, ", "), unnamed > 0 ? fmt::format(" and {} more", unnamed) : "");
}

/// Null for a record of another type than those that are waited for.
const std::string* value_in(const Record& record) {
  if (const auto* text = std::get_if<Text>(&record.data)) return &text->value;
  const auto* tlsa = std::get_if<Tlsa>(&record.data);
  return tlsa == nullptr ? nullptr : &tlsa->value;
}

}  // namespace

Verdict judge(const Reply& reply, const Name& name, const std::set<std::string>& values) {
  const auto& message = reply.message;
  const bool answers = reply.is_message() && (message.rcode == Rcode::noerror || message.rcode == Rcode::nxdomain);
  if (answers && !message.authoritative) return {false, false, "not authoritative", {}};
  if (!answers || message.rcode == Rcode::nxdomain) return {false, answers, to_text(reply), {}};
  std::set<std::string> found;
  std::set<std::string> others;
  for (const auto& record : message.answer) {
    const auto* value = value_in(record);
    if (value == nullptr || record.owner != name) continue;
    (values.contains(*value) ? found : others).insert(*value);
  }
  if (found.size() == values.size()) return {true, true, "all values", named(others)};
  if (message.truncated) return {false, false, to_text(reply), named(others)};
  return {false, true, fmt::format("{} of {} values", found.size(), values.size()), named(others)};
}

}  // namespace acmed::dns
