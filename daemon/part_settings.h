// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "daemon/issue/authority.h"
#include "dns/propagation.h"
#include "dns/resolvers.h"

namespace acmed {

/// The recursive resolvers that the configuration names, or the host's.
dns::Resolvers resolvers_of(const config::Config& config);

/// What is not set has its default.
dns::PropagationPolicy policy_of(const config::Propagation& propagation);

issue::AuthoritySettings authority_settings(const config::Ca& ca);

}  // namespace acmed
