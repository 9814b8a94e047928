// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/runtime/task.h"
#include "dns/endpoint.h"
#include "dns/name.h"
#include "dns/resolvers.h"
#include "dns/server.h"

namespace acmed::dns {

/// Where a TXT record for a challenge name really has to be.
struct Location {
  Name effective;  ///< the end of the CNAME and DNAME chain from the challenge name; itself when there is none
  Name zone;       ///< the apex of the zone that holds `effective`
  std::vector<Server> servers;  ///< every address of every name in the union of the parent's and the child's NS sets;
                                ///< one more without an address for each name whose addresses cannot be looked up
  std::vector<Name> chain;      ///< the aliases that were followed, in order; empty when none
};

/// Finds zones and their servers. The challenge name itself is asked only of authoritative servers, never of a
/// recursive one, whose cache would then hold a negative answer (RFC 2308 §5). Findings are kept for a minute,
/// failures for seconds, and shared by all who ask at the same time.
class Discovery {
 public:
  /// `resolvers`: recursive ones; without one nothing can be looked up. When they change, all findings are forgotten.
  /// `server_port`: where the zones' servers listen; other than 53 in tests.
  Discovery(const Loop& loop, Resolvers resolvers, std::uint16_t server_port = dns_port);
  ~Discovery();

  /// Throws Retry ("dns:timeout", "dns:SERVFAIL" ... with who said what), Refused ("dns:cname-loop", "dns:no-zone").
  Task<Location> locate(const Name& challenge_name);

  /// The first name on the way of the aliases from `challenge_name` that is one only by a wildcard CNAME, as the place
  /// of a TXT record of its own: that would switch the wildcard off for this name (RFC 4592 §2.2.1). Nothing when no
  /// wildcard has a part in it. Throws as locate().
  Task<std::optional<Location>> beside_wildcard(Name challenge_name);

  /// Every A and AAAA of `host`; empty when it has none. Throws Retry when it cannot be looked up.
  Task<std::vector<Endpoint>> addresses(Name host, std::uint16_t port);

  /// Forgets all findings, so that the next try looks anew.
  void forget();

 private:
  class Findings;
  std::unique_ptr<Findings> findings_;
};

}  // namespace acmed::dns
