// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "base/log.h"
#include "dns/discovery.h"

namespace acmed::dns {

std::vector<Endpoint> resolvers_in(std::istream& resolv_conf) {
  std::vector<Endpoint> resolvers;
  bool names_one = false;
  for (std::string line; std::getline(resolv_conf, line);) {
    std::istringstream words(line);
    std::string keyword;
    std::string address;
    words >> keyword >> address;
    if (keyword != "nameserver") continue;
    names_one = true;
    if (const auto resolver = Endpoint::parse(address)) {
      resolvers.push_back(*resolver);
    } else {
      log::warning(
          fmt::format("resolv.conf: the nameserver \"{}\" is not asked: it is no address on this host's "
                      "networks",
                      address));
    }
  }
  // resolv.conf(5): without an entry, the name server on this host.
  if (!names_one) resolvers.push_back(Endpoint::parse("127.0.0.1").value_or(Endpoint()));
  return resolvers;
}

std::vector<Endpoint> system_resolvers() {
  std::ifstream file("/etc/resolv.conf");
  return resolvers_in(file);
}

}  // namespace acmed::dns
