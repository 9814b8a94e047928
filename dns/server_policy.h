// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <vector>

#include "dns/exclusion.h"
#include "dns/server.h"

namespace acmed::dns {

/// How much of the DNS must show a value before the CA is told to validate. With `none` no authoritative server needs
/// to be reachable from this host: what the resolvers tell will do.
enum class Require { all, quorum, none };

/// Which authoritative servers are asked, be it to find where a name is or to watch what they show.
struct ServerPolicy {
  Require require = Require::all;
  std::vector<Exclusion> exclude;
  std::vector<Endpoint> extra;  ///< asked in addition: hidden secondaries

  bool allows(const Name& host) const;
  /// Whether neither its host nor its address is excluded.
  bool allows(const Server& server) const;

  friend std::strong_ordering operator<=>(const ServerPolicy&, const ServerPolicy&) = default;
  friend bool operator==(const ServerPolicy&, const ServerPolicy&) = default;
};

}  // namespace acmed::dns
