// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// A target and where its parts stand, for the checks that compare several of them.
struct PlacedTarget {
  Target target;
  Place place;
};

/// Reads the [[certificate.deploy]] tables of one certificate.
std::vector<PlacedTarget> read_targets(Reader& certificate);

}  // namespace acmed::config
