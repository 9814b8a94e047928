// SPDX-License-Identifier: Apache-2.0
#include "dns/server.h"

#include <fmt/format.h>

namespace acmed::dns {

std::string Server::text() const {
  return host.is_root() ? endpoint.text() : fmt::format("{} ({})", host.text(), endpoint.text());
}

}  // namespace acmed::dns
