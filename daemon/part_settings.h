// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "config/config.h"
#include "daemon/issue/authority.h"
#include "daemon/renew/published_limits.h"
#include "dns/propagation.h"
#include "dns/resolvers.h"

namespace acmed {

/// The recursive resolvers that the configuration names, or the host's.
dns::Resolvers resolvers_of(const config::Config& config);

/// What is not set has its default.
dns::PropagationPolicy policy_of(const config::Propagation& propagation);

issue::AuthoritySettings authority_settings(const config::Ca& ca);

/// What the configuration says of a CA's limits, completed with what the CA has published; by directory URL.
std::map<std::string, renew::PublishedLimits> configured_limits(const config::Config& config);

}  // namespace acmed
