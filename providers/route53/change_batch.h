// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "providers/kit/rrset_provider.h"

namespace acmed::providers::route53 {

/// Sorts `changes` into batches that Route 53 takes: at most 100 changes, 1,000 records, 32,000 characters each.
std::vector<std::vector<SetChange>> batches_of(std::vector<SetChange> changes);

/// The body of ChangeResourceRecordSets: each set that was read is deleted and what it becomes is created. A batch
/// fails as a whole when somebody changed one of the sets meanwhile; UPSERT would write over what they did.
std::string batch_document(const std::vector<SetChange>& batch);

}  // namespace acmed::providers::route53
