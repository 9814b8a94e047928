// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/runtime/task.h"
#include "dns/discovery.h"

namespace acmed::issue {

/// A name server that shows the TXT value at `name`, for people; none when no server of those that the DNS delegates
/// the name to does, be it because they do not serve its zone any more. Servers that keep silent while others answer
/// are not waited for. Throws Retry when nobody can be asked. `discovery` must outlive the task.
Task<std::optional<std::string>> server_showing(dns::Discovery* discovery, dns::Name name, std::string value);

}  // namespace acmed::issue
