// SPDX-License-Identifier: Apache-2.0
#include "dns/server.h"

#include <fmt/format.h>

#include <algorithm>

namespace acmed::dns {

std::string Server::text() const {
  if (!endpoint.has_address()) return host.text();
  return host.is_root() ? endpoint.text() : fmt::format("{} ({})", host.text(), endpoint.text());
}

bool all_have_addresses(const std::vector<Server>& servers) {
  return std::ranges::all_of(servers, [](const Server& server) { return server.endpoint.has_address(); });
}

}  // namespace acmed::dns
