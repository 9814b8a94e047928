// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "providers/provider.h"
#include "providers/route53/record_set.h"

namespace acmed::providers::route53 {

/// What becomes of the TXT set at one name. Route 53 knows whole sets alone, so the one that was read is deleted and
/// one with the values that shall be there is created, in one batch: that fails as a whole when somebody changed the
/// set meanwhile. UPSERT would write over what they did.
struct SetChange {
  dns::Name name;
  std::optional<TxtSet> before;
  std::optional<TxtSet> after;
};

/// The set that `changes`, all of one name, make of `before`; nothing when no value is left. What is in it already is
/// not added again, and what others put there stays.
std::optional<TxtSet> changed(const std::optional<TxtSet>& before, const std::vector<TxtChange>& changes);

/// Sorts `changes` into batches that Route 53 takes: at most 100 changes, 1,000 records, 32,000 characters each.
std::vector<std::vector<SetChange>> batches_of(std::vector<SetChange> changes);

/// The body of ChangeResourceRecordSets.
std::string batch_document(const std::vector<SetChange>& batch);

}  // namespace acmed::providers::route53
