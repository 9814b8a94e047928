// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/runtime/task.h"
#include "dns/endpoint.h"
#include "dns/name.h"
#include "dns/resolvers.h"
#include "dns/search.h"
#include "dns/server.h"
#include "dns/server_policy.h"

namespace acmed::dns {

/// Where a TXT record for a challenge name really belongs.
struct Location {
  Name effective;  ///< the end of the CNAME and DNAME chain from the challenge name; the name itself without one
  Name zone;       ///< the apex of the zone that holds `effective`
  std::vector<Server> servers;  ///< as in Delegation, without those that are excluded; may be empty where the policy
                                ///< requires none
  std::vector<Name> chain;      ///< the aliases followed, in order; empty for none
  std::size_t servers_left_out = 0;  ///< hosts in the NS sets beyond the number that is asked
  Name own_zone = {};                ///< the apex of the zone that holds the challenge name itself
  std::set<Name> undelegated = {};   ///< as in Delegation
};

/// Which servers may be asked about a name.
using PolicyOf = std::function<ServerPolicy(const Name&)>;

/// Finds zones and their servers. The challenge name itself is queried only at authoritative servers, never at a
/// recursive one, whose cache would then hold a negative answer (RFC 2308 §5); unless the policy requires no server to
/// be reached (Require::none) and none can be. Results are kept for a minute, failures for seconds, and both are shared
/// by all concurrent callers. No search takes longer than 30 s.
class Discovery {
 public:
  /// `resolvers`: recursive ones; without any, nothing can be looked up. When they change, all results are forgotten.
  /// `server_port`: where the zones' servers listen; other than 53 in tests. `usual`: the policy where a caller has
  /// none.
  Discovery(const Loop& loop, Resolvers resolvers, std::uint16_t server_port = dns_port, ServerPolicy usual = {});
  ~Discovery();

  /// `policy_of` is called for each name along the aliases; none: the usual policy. It must stay valid until the task
  /// ends. Throws Retry ("dns:timeout", "dns:SERVFAIL" ... with who said what), Refused ("dns:cname-loop",
  /// "dns:no-zone").
  Task<Location> locate(Name challenge_name, PolicyOf policy_of = {}, std::shared_ptr<InFlight::Share> share = {});

  /// The first name along the aliases from `challenge_name` that is an alias only through a wildcard CNAME, as the
  /// place for a TXT record of its own; such a record would disable the wildcard for this name (RFC 4592 §2.2.1).
  /// Nothing when no wildcard is involved. Throws as locate().
  Task<std::optional<Location>> beside_wildcard(Name challenge_name, PolicyOf policy_of = {},
                                                std::shared_ptr<InFlight::Share> share = {});

  /// Every A and AAAA address of `host`; empty when it has none. Throws Retry when they cannot be looked up, Refused
  /// ("dns:no-address") when /etc/hosts alone has one.
  Task<std::vector<Endpoint>> addresses(Name host, std::uint16_t port);

  /// The recursive resolvers that are asked at the moment.
  std::vector<Endpoint> resolvers() const;

  /// Forgets all results, so that the next call looks everything up again.
  void forget();

 private:
  class Findings;
  std::unique_ptr<Findings> findings_;
};

}  // namespace acmed::dns
