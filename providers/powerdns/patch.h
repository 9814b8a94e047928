// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/json.h"
#include "providers/kit/rrset_provider.h"

namespace acmed::providers {

/// Appends to the `rrsets` of a PATCH what turns one set into another: one REPLACE of the whole, or, when the server
/// `extends`, one EXTEND or PRUNE for each record, which spares others' newer records.
void append_patch(json::Array& patch, const SetChange& set, bool extends);

}  // namespace acmed::providers
