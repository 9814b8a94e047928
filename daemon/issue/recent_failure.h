// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

#include "base/calendar_step.h"
#include "base/error.h"
#include "base/time.h"

namespace acmed::issue {

/// A failure that concerns everybody who asks a CA, believed for a while: they all learn of it from the first, instead
/// of running into it one after another. When the calendar is set it is believed no longer: a wrong clock makes each CA
/// one whose certificate is not valid yet, or no longer.
class RecentFailure {
 public:
  explicit RecentFailure(const Clock& clock) : clock_(clock), calendar_(clock) {}

  /// Believes `failure` for `lasting`; a pause that the CA asked for is believed until its end, but a quarter of an
  /// hour at most: a certificate that ends soon tries again by then.
  void remember(std::exception_ptr failure, Duration lasting);
  void forget() noexcept { failure_ = nullptr; }
  /// Throws the failure while it is believed.
  void rethrow_if_recent();

 private:
  const Clock& clock_;
  CalendarStep calendar_;
  std::exception_ptr failure_;
  Moment until_{};
};

}  // namespace acmed::issue
