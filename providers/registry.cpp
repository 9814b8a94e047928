// SPDX-License-Identifier: Apache-2.0
#include "providers/registry.h"

#include "providers/rfc2136.h"

namespace acmed::providers {

std::unique_ptr<Provider> make_provider(const config::Provider& configured, Loop& loop, dns::Discovery& discovery) {
  return std::make_unique<Rfc2136>(configured.name, configured.rfc2136, loop, discovery);
}

}  // namespace acmed::providers
