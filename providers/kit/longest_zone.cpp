// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/longest_zone.h"

namespace acmed::providers {

std::optional<Zone> longest_zone(const std::vector<std::string>& zones, const dns::Name& name) {
  std::optional<Zone> longest;
  for (const auto& zone : zones) {
    const dns::Name apex(zone);
    if (!name.is_within(apex)) continue;
    if (!longest || apex.label_count() > longest->apex.label_count()) longest = Zone{apex, {}};
  }
  return longest;
}

}  // namespace acmed::providers
