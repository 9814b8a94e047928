// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/name_list.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace acmed::providers {
namespace {

constexpr std::size_t most_names_listed = 8;

}  // namespace

std::string list_names(const std::vector<dns::Name>& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) {
    if (texts.size() < most_names_listed) texts.push_back(name.text());
  }
  auto text = fmt::format("{}", fmt::join(texts, ", "));
  if (names.size() > texts.size()) text += fmt::format(" and {} more", names.size() - texts.size());
  return text;
}

}  // namespace acmed::providers
