// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "daemon/store/records.h"

namespace acmed::renew {

/// When a certificate is to be renewed: when `fraction` of its life is left (without one a third, or a half of a life
/// below ten days). Spread over the twentieth before it, so that certificates of one day are not all due in one second;
/// always the same for one certificate.
Time due_at(const store::Issued& issued, std::optional<double> fraction);

/// What is remembered after a failure: try again after 1, 10 and 100 minutes, then daily, each some per cent later by
/// chance
/// (`chance` in [0, 1)); never before the other side's Retry-After; a certificate that ends soon is tried again within
/// a tenth of what is left of its life, a quarter of an hour at least.
store::Trouble after_failure(const std::optional<store::Trouble>& before, const Error& error, Time now, double chance,
                             std::optional<Time> not_after);

/// The earliest time to try again: `asked` for by a person or a timer it is at once, yet never before Retry-After.
Time next_try(const store::Trouble& trouble, bool asked);

}  // namespace acmed::renew
