// SPDX-License-Identifier: Apache-2.0
#include "providers/acme_dns/rows.h"

#include <algorithm>

namespace acmed::providers {
namespace {

// Two moments that are this far apart are in different seconds of the server's clock.
constexpr Duration second = std::chrono::seconds(1);

}  // namespace

/// Whether the server, too, takes the newer row for the newer one.
bool AcmeDnsRows::knows_older() const {
  return newer_.began - older_ended_ >= second;
}

AcmeDnsRows::Plan AcmeDnsRows::plan_for(const std::vector<std::string>& wanted) const {
  Plan plan;
  std::ranges::copy_if(wanted, std::back_inserter(plan.updates),
                       [this](const std::string& value) { return !holds(value); });
  if (plan.updates.empty() || wanted.size() < count) return plan;
  // The next update must push out nothing that is wanted. So what is held is written again, unless it is the newer one
  // already, and the first of two is written in a second of its own: then the server replaces the other row.
  if (plan.updates.size() < wanted.size()) {
    const auto kept = std::ranges::find_if(wanted, [this](const std::string& value) { return holds(value); });
    if (newer_.value == *kept && knows_older()) return plan;
    plan.updates.insert(plan.updates.begin(), *kept);
  }
  plan.not_before = std::max(newer_.ended, older_ended_) + second;
  return plan;
}

void AcmeDnsRows::wrote(const std::string& value, Moment began, Moment ended) {
  if (knows_older()) {
    older_ = newer_.value;
    older_ended_ = newer_.ended;
  } else {
    // It replaced one of the two, and nobody knows which.
    if (older_ != newer_.value) older_.reset();
    older_ended_ = std::max(newer_.ended, older_ended_);
  }
  newer_ = {value, began, ended};
}

void AcmeDnsRows::release(const std::string& value) {
  if (newer_.value == value) newer_.value.reset();
  if (older_ == value) older_.reset();
}

}  // namespace acmed::providers
