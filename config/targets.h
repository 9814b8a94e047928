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

/// The target as it is for one certificate: its placeholders stand for that, and what follows from the certificate's
/// domains is set. `key_type`: what tells the certificate from others of its table (key_types.h). `reader`: of the
/// certificate's table, for faults.
PlacedTarget filled_in(const PlacedTarget& placed, const Certificate& certificate, std::string_view key_type,
                       Reader& reader);

}  // namespace acmed::config
