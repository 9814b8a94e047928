// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace acmed {

/// Finds out that the calendar was set, by a person or by NTP after a boot with a wrong clock. Less than a minute is a
/// clock that is kept right.
class CalendarStep {
 public:
  explicit CalendarStep(const Clock& clock) : clock_(clock), offset_(offset()) {}

  /// By how much it was set since the last call or since this was made, forwards or back; zero when it was not.
  Duration take();

 private:
  Duration offset() const;

  const Clock& clock_;
  Duration offset_;
};

}  // namespace acmed
