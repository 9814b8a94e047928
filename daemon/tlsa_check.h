// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "daemon/findings.h"
#include "dns/discovery.h"

namespace acmed {

/// Compares the TLSA records that acmed has put at `name`, as far as its state in that folder is readable, with what
/// each name server shows.
Task<> examine_tlsa_records(std::filesystem::path state_directory, dns::Name name, dns::Location location,
                            NameFindings* findings);

}  // namespace acmed
