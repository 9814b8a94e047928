// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "dns/name.h"

namespace acmed::dns {

/// Whether a file in the format of hosts(5) has an address for `host`. acmed asks the DNS alone, as CAs do; what other
/// programs of this host know besides is told to people where the DNS does not know it. Blocks for one small file; an
/// unreadable one has nothing.
bool is_in_hosts_file(const Name& host, const std::filesystem::path& file = "/etc/hosts");

}  // namespace acmed::dns
