// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/leftovers.h"

namespace acmed::keep {

Time Leftovers::due() const {
  const auto& state = kept_.state;
  if (state.values.empty()) return Time::max();
  const bool are_awaited = state.order && state.order->validating;
  return are_awaited ? state.order->expires.value_or(Time::min()) : Time::min();
}

Task<> Leftovers::perform() {
  issue::Journey journey(kept_.context, kept_.wanted.request, kept_.state);
  co_await journey.withdraw_leftovers();
}

}  // namespace acmed::keep
