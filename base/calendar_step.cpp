// SPDX-License-Identifier: Apache-2.0
#include "base/calendar_step.h"

#include <utility>

namespace acmed {
namespace {

constexpr Duration least = std::chrono::minutes(1);

}  // namespace

Duration CalendarStep::take() {
  const Duration now = offset();
  const Duration step = now - std::exchange(offset_, now);
  return std::chrono::abs(step) > least ? step : Duration::zero();
}

/// By how much the calendar is ahead of the time since some fixed moment.
Duration CalendarStep::offset() const {
  return clock_.now().time_since_epoch() - clock_.moment().time_since_epoch();
}

}  // namespace acmed
