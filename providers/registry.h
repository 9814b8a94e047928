// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "config/config.h"
#include "dns/discovery.h"
#include "providers/memory.h"
#include "providers/provider.h"
#include "providers/responder/responder.h"

namespace acmed::providers {

/// The provider that `configured` describes. `discovery` and `memory` must outlive it. A responder is one of `servers`;
/// without, its name server ends with it. A type that has something to remember needs a `memory`: Refused without.
std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery,
                                        NameServers* servers = nullptr, Memory* memory = nullptr);

}  // namespace acmed::providers
