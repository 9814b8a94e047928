// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/host_facts.h"

namespace acmed {

/// What on this host stands in the way of the configuration, as sentences without a line end, for --check: programs
/// that are not there or cannot run, folders that cannot be written to, units that systemd does not know, files that
/// two targets share. Judged with this process's rights. Blocks.
std::vector<std::string> host_warnings(const config::Config& config, const HostFacts& facts);

/// Certificates whose folder in live/ would be another one than so far, since their first domain is: what services read
/// is no longer renewed then. Sentences, as above. Blocks.
std::vector<std::string> moved_folders(const config::Config& config);

}  // namespace acmed
