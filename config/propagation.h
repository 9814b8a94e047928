// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// Reads the keys that propagation tables of every level share, then ends the reader.
Propagation read_propagation(Reader reader);

/// The same for [propagation] itself, which also has the resolvers.
Propagation read_propagation(Reader reader, std::vector<std::string>& resolvers);

}  // namespace acmed::config
