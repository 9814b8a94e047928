// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/sleep.h"

#include <algorithm>

namespace acmed {
namespace {
constexpr Duration longest_nap = std::chrono::hours(1);
}

Task<> sleep_until(Time time) {
  const auto here = co_await context();
  for (;;) {
    const Duration left = time - here.loop->clock().now();
    if (left <= Duration::zero()) co_return;
    co_await sleep_for(std::min(left, longest_nap));
  }
}

}  // namespace acmed
