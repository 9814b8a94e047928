// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/suggestion.h"

#include <algorithm>
#include <cstdint>

#include "base/crypto/digest.h"

namespace acmed::renew {
namespace {

/// Uniformly distributed in [start, end), to the second. Reckoned in seconds: a CA may name years that are further
/// apart than nanoseconds reach.
Time chosen_between(Time start, Time end) {
  const auto octets = crypto::random_bytes(8);
  std::uint64_t number = 0;
  for (const char octet : octets) number = number << 8 | static_cast<unsigned char>(octet);
  const auto first = std::chrono::floor<std::chrono::seconds>(start);
  const auto seconds = (std::chrono::floor<std::chrono::seconds>(end) - first).count();
  return to_time(first + std::chrono::seconds(number % static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1))));
}

}  // namespace

bool take_suggestion(store::RenewalPlan& plan, const acme::RenewalInfo& info) {
  plan.ask_next = info.ask_again;
  plan.explanation_url = info.explanation_url;
  // As it is stored, and will be compared after a restart.
  const auto start = std::chrono::floor<std::chrono::seconds>(info.start);
  const auto end = std::chrono::floor<std::chrono::seconds>(info.end);
  if (plan.window_start == start && plan.window_end == end) return false;
  plan.window_start = start;
  plan.window_end = end;
  plan.renew_at = chosen_between(start, end);
  return true;
}

}  // namespace acmed::renew
