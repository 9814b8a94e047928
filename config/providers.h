// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Where each zone was first named: a zone belongs to one provider.
using ZonePlaces = std::map<std::string, Place>;

/// Reads [provider.NAME] and enters its zones. Faulty values are reported and left at their defaults.
Provider read_provider(const std::string& name, Reader reader, ZonePlaces& zones);

/// Enters the zones and delegated names of `provider`.
void add_routes(Routes& routes, const Provider& provider);

}  // namespace acmed::config
