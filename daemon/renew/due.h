// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "daemon/store/records.h"

namespace acmed::renew {

/// When a certificate is to be renewed: when `fraction` of its life is left (without one a third, or a half of a life
/// below ten days). Its life is what was left when we got it, whatever its notBefore says. Never within the tenth after
/// that. Spread over the twentieth before it, so that certificates of one day are not all due in one second; always the
/// same for one certificate.
Time due_at(const store::Issued& issued, std::optional<double> fraction);

/// A try that failed.
struct Attempt {
  Time now;
  double chance;                  ///< in [0, 1): makes the pause longer by some per cent
  std::optional<Time> not_after;  ///< the end of the certificate in service, if there is one
  bool asked = false;             ///< for by a person or a timer
  std::string about;              ///< see store::Trouble
};

/// What is remembered after a failure: try again after 1, 10 and 100 minutes, then daily; never before the other side's
/// Retry-After; a certificate that ends soon is tried again within a tenth of what is left of its life, a quarter of an
/// hour at least, whatever the other side asked for. A try that was asked for makes no later pause longer.
store::Trouble after_failure(const Rare<store::Trouble>& before, const Error& error, const Attempt& attempt);

/// The earliest time to try again. When `asked` for by a person or a timer it is at once, yet never before what a CA
/// said of this very request. A time that is further from `now` than any pause comes from a clock that was wrong, and
/// counts as past.
Time next_try(const store::Trouble& trouble, bool asked, Time now);

/// `until`, or earlier: a tenth of what is left at `now` of a certificate that ends at `not_after`, a quarter of an
/// hour at least.
Time not_later_than_a_tenth(Time until, Time now, std::optional<Time> not_after);

}  // namespace acmed::renew
