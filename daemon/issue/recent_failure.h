// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>

#include "base/error.h"
#include "base/time.h"

namespace acmed::issue {

/// A failure that concerns everybody who asks a CA, believed for a while: they all learn of it from the first, instead
/// of running into it one after another.
class RecentFailure {
 public:
  explicit RecentFailure(const Clock& clock) : clock_(clock) {}

  /// Believes `failure` for `lasting`; a pause that the CA asked for is believed until its end, but a quarter of an
  /// hour at most: a certificate that ends soon tries again by then.
  void remember(std::exception_ptr failure, Duration lasting);
  void forget() noexcept { failure_ = nullptr; }
  /// Throws the failure while it is believed.
  void rethrow_if_recent() const;

 private:
  const Clock& clock_;
  std::exception_ptr failure_;
  Moment until_{};
};

}  // namespace acmed::issue
