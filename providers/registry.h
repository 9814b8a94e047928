// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "config/config.h"
#include "dns/discovery.h"
#include "providers/provider.h"

namespace acmed::providers {

/// The provider that `configured` describes. `discovery` must outlive it.
std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery);

}  // namespace acmed::providers
