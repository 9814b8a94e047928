// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "dns/exchange.h"

namespace acmed {

/// The first answer (NOERROR or NXDOMAIN) of the resolvers; none when there is none.
Task<std::optional<dns::Reply>> ask_resolvers(std::vector<dns::Endpoint> resolvers, dns::Question question);

}  // namespace acmed
