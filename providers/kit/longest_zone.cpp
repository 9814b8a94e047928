// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/longest_zone.h"

namespace acmed::providers {

std::optional<Zone> longest_zone(const std::vector<Zone>& zones, const dns::Name& name) {
  std::optional<Zone> longest;
  for (const auto& zone : zones) {
    if (!name.is_within(zone.apex)) continue;
    if (!longest || zone.apex.label_count() > longest->apex.label_count()) longest = zone;
  }
  return longest;
}

std::optional<Zone> longest_zone(const std::vector<std::string>& zones, const dns::Name& name) {
  std::vector<Zone> all;
  for (const auto& zone : zones) all.push_back({dns::Name(zone), {}});
  return longest_zone(all, name);
}

}  // namespace acmed::providers
