// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/request_budget.h"

#include <algorithm>
#include <charconv>

namespace acmed::providers {
namespace {

constexpr long longest_window = 86'400;  // seconds; what is longer is no rate limit to wait for

/// The number of parameter `name` in one item of the list, `"default";r=50;t=30`.
std::optional<long> parameter(std::string_view item, std::string_view name) {
  for (auto semicolon = item.find(';'); semicolon != item.npos; semicolon = item.find(';')) {
    item.remove_prefix(semicolon + 1);
    auto rest = item.substr(std::min(item.find_first_not_of(" \t"), item.size()));
    if (!rest.starts_with(name) || !rest.substr(name.size()).starts_with('=')) continue;
    rest.remove_prefix(name.size() + 1);
    long number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc() && number >= 0) return number;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Moment> RequestBudget::closed_until(Moment now) const {
  auto until = closed_until_;
  if (left_ && *left_ <= 0) until = std::max(until, renewed_at_);
  if (until <= now) return std::nullopt;
  return until;
}

void RequestBudget::sent() noexcept {
  ++under_way_;
  if (left_) --*left_;
}

void RequestBudget::answered(std::optional<std::string_view> ratelimit, Moment now) {
  --under_way_;
  std::string_view list = ratelimit.value_or("");
  std::optional<std::pair<long, long>> least;  // what is left, and for how long: by its sign the longest comes first
  while (!list.empty()) {
    const auto item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(item.size() + 1, list.size()));
    const auto left = parameter(item, "r");
    const auto window = parameter(item, "t");
    if (!left || !window) continue;
    const std::pair limit{*left, -std::min(*window, longest_window)};
    least = least ? std::min(*least, limit) : limit;
  }
  if (!least) return;
  // Those under way may be counted in it or not.
  left_ = least->first - under_way_;
  renewed_at_ = now + std::chrono::seconds(-least->second);
}

void RequestBudget::close_until(Moment moment) {
  closed_until_ = std::max(closed_until_, moment);
}

}  // namespace acmed::providers
