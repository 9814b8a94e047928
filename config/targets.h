// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/config.h"
#include "config/reader.h"

namespace acmed::config {

/// A target and the places of its parts, for checks that compare several targets.
struct PlacedTarget {
  Target target;
  Place place;
};

/// Reads the [[certificate.deploy]] tables of one certificate.
std::vector<PlacedTarget> read_targets(Reader& certificate);

}  // namespace acmed::config
