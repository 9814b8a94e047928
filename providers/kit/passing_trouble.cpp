// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/passing_trouble.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "providers/kit/causes.h"
#include "providers/kit/jitter.h"

namespace acmed::providers {
namespace {

constexpr Duration longest_between = std::chrono::seconds(5);

/// curl's codes for a connection that is refused (7), or that ends before the answer is whole: HTTP/2 errors (16, 92),
/// a part of a body (18), nothing (52), errors of sending and receiving (55, 56).
constexpr std::array<std::string_view, 7> cut = {"7", "16", "18", "52", "55", "56", "92"};

}  // namespace

bool is_passing(int status) {
  return (status >= 502 && status <= 504) || (status >= 520 && status <= 524);
}

bool is_cut(const Error& failure) {
  std::string_view said = failure.cause();
  if (!said.starts_with(cause::of_transport)) return false;
  said.remove_prefix(cause::of_transport.size());
  return std::ranges::find(cut, said) != cut.end();
}

bool passes(const Error& failure) {
  if (is_cut(failure)) return true;
  if (failure.not_before() || !failure.cause().starts_with(cause::of_http)) return false;
  const auto status = std::string_view(failure.cause()).substr(cause::of_http.size());
  int number = 0;
  std::from_chars(status.data(), status.data() + status.size(), number);
  return is_passing(number);
}

std::optional<Duration> Pauses::next() {
  const auto pause = jittered(longest_);
  if (clock_.moment() + pause > end_) return std::nullopt;
  longest_ = std::min(2 * longest_, longest_between);
  return pause;
}

}  // namespace acmed::providers
