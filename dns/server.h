// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "dns/endpoint.h"
#include "dns/name.h"

namespace acmed::dns {

/// One address of an authoritative server; or a server without an address, if not all of its addresses can be looked
/// up.
struct Server {
  Name host;  ///< the name in the NS record; the root when an administrator gave the address
  Endpoint endpoint;
  std::string unknown_because{};  ///< why it has no address, for people

  /// "ns1.example.test (192.0.2.1)"; without an address "ns1.example.test".
  std::string text() const;

  friend bool operator==(const Server&, const Server&) = default;
};

/// Those of `servers` that are asked where one answer is enough: with an address, the first of each host before its
/// further ones, and not more than 20.
std::vector<Server> some_to_ask(const std::vector<Server>& servers);

bool all_have_addresses(const std::vector<Server>& servers);

}  // namespace acmed::dns
