// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dns/endpoint.h"
#include "dns/name.h"

namespace acmed::dns {

/// One address of one authoritative server.
struct Server {
  Name host;  ///< the name in the NS record; the root when an operator named the address
  Endpoint endpoint;

  /// "ns1.example.test (192.0.2.1)"
  std::string text() const;

  friend bool operator==(const Server&, const Server&) = default;
};

}  // namespace acmed::dns
