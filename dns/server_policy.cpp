// SPDX-License-Identifier: Apache-2.0
#include "dns/server_policy.h"

#include <algorithm>

namespace acmed::dns {

bool ServerPolicy::allows(const Name& host) const {
  return std::ranges::none_of(exclude, [&](const Exclusion& each) { return each.covers(host); });
}

bool ServerPolicy::allows(const Server& server) const {
  return allows(server.host) &&
         std::ranges::none_of(exclude, [&](const Exclusion& each) { return each.covers(server.endpoint); });
}

}  // namespace acmed::dns
