// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "config/config.h"
#include "dns/discovery.h"
#include "providers/memory.h"
#include "providers/provider.h"

namespace acmed::providers {

/// The provider that `configured` describes. `discovery` and `memory` must outlive it; without a memory there is no
/// provider for types that have something to remember: Refused.
std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery,
                                        Memory* memory = nullptr);

}  // namespace acmed::providers
