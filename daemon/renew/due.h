// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "config/config.h"
#include "daemon/store/records.h"

namespace acmed::renew {

/// How much of a `life` that is; a time counts for half of it at most.
Duration left_of(Duration life, config::LifeLeft left);

/// When a certificate is due for renewal: when `left` of its life is left (default: a third, or half of a life below
/// ten days; a time that is more than half of its life counts for that half). Its life is counted from when we got it,
/// whatever its notBefore says. Never within the first tenth of that life. Spread over the twentieth before the due
/// time, so that certificates of the same day are not all due in the same second; always the same for the same
/// certificate.
Time due_at(const store::Issued& issued, std::optional<config::LifeLeft> left);

/// The same where the CA has suggested a time (RFC 9773 §4.2): that time, at the latest when a twentieth of its life is
/// left. An operator who has said how much is to be `left` gets the earlier of both. A CA that suggests the past again
/// and again gets an order every twelve hours, or every fiftieth of the life when that is shorter.
Time due_at(const store::Issued& issued, std::optional<config::LifeLeft> left, const Rare<store::RenewalPlan>& plan);
/// Why it is due then, in words: "a third of its life is left".
std::string due_reason(const store::Issued& issued, std::optional<config::LifeLeft> left,
                       const Rare<store::RenewalPlan>& plan);

/// A try that failed.
struct Attempt {
  Time now;
  double chance;                  ///< in [0, 1): lengthens the pause by some per cent
  std::optional<Time> not_after;  ///< the end of the certificate in service, if any
  bool asked = false;             ///< asked for by a person or a timer
  std::string about;              ///< see store::Trouble
};

/// What to remember after a failure. Retry after 1, 10 and 100 minutes, then daily; never before the peer's
/// Retry-After. A certificate that ends soon is retried within a tenth of its remaining life, but after no less than a
/// quarter of an hour, whatever the peer asked for. One that is missing or has ended is as urgent: it is retried within
/// a tenth of the time for which that has failed. A try that was asked for does not lengthen later pauses.
store::Trouble after_failure(const Rare<store::Trouble>& before, const Error& error, const Attempt& attempt);

/// The earliest time for a retry. When `asked` for by a person or a timer it is at once, but never before what a CA
/// said about this very request. A time further from `now` than any pause comes from a wrong clock and counts as past.
Time next_try(const store::Trouble& trouble, bool asked, Time now);

/// `until`, but no later than a tenth of the life that a certificate ending at `not_after` has left at `now`, or a
/// quarter of an hour if that is longer.
Time not_later_than_a_tenth(Time until, Time now, std::optional<Time> not_after);

}  // namespace acmed::renew
