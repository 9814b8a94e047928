// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/runtime/task.h"
#include "dns/endpoint.h"
#include "dns/exchange.h"
#include "dns/lookups.h"
#include "dns/resolver.h"
#include "dns/search.h"
#include "dns/server.h"

namespace acmed::dns {

/// The name servers of a zone.
struct Delegation {
  /// A name server whose addresses cannot be looked up is listed without an address, so that the others are not
  /// mistaken for the complete set. Who is excluded is not listed.
  std::vector<Server> servers;
  std::size_t left_out = 0;  ///< hosts beyond the number that is asked
  /// The hosts that the resolvers tell of, where neither the parent's servers nor those to which they delegate know any
  /// of them: this network's resolvers have another zone of the same name. Empty where it is one zone, as far as can be
  /// seen.
  std::set<Name> undelegated = {};
};

/// Finds the name servers of a zone: the union of the parent's delegation and the zone's own NS set, since resolvers
/// may use either, with the addresses of each. A zone decides who is asked, so there are bounds: 20 hosts, and of each
/// two addresses of either family. Addresses of this host and its link, which only a mistake or an attacker tells of to
/// the world, are listed only where the resolvers are such themselves; others have to be configured.
class Delegations {
 public:
  /// `port`: where the servers listen; NS records carry no port.
  Delegations(const Loop& loop, Resolver& resolver, std::uint16_t port);

  /// The servers of the zone at `apex`; its NS set is queried from the recursive resolvers, from the parent's servers
  /// and from its own. A parent that cannot be queried (a private network, a zone without delegation) does not matter.
  /// Throws Retry ("dns:no-servers").
  Task<Delegation> of(const Name& apex, Search search);

  /// The servers to which `parent` delegates the zone at `apex`, found without a resolver except for their addresses.
  /// Throws Retry ("dns:no-servers").
  Task<Delegation> below(const Name& apex, std::vector<Server> parent, Search search);

  void forget();

 private:
  /// Names of servers, and the addresses that came with them.
  struct NameServers {
    std::set<Name> hosts;
    std::map<Name, std::set<Endpoint>> glue;
    bool told_by_zone = false;  ///< by one of the zone's own servers
    std::size_t left_out = 0;

    void add(const NameServers& other);
    /// Drops excluded hosts, and those beyond the bound.
    void limit(const ServerPolicy& policy);
  };

  Task<Delegation> find(Name apex, Search search);
  Task<Delegation> find_below(Name apex, std::vector<Server> parent, Search search);
  Task<NameServers> parent_side(Name apex, Search search);
  Task<NameServers> child_side(Name apex, Search search);
  Task<NameServers> told_by_resolvers(Name apex, Search search);
  Task<NameServers> ask_for_name_servers(Name apex, std::vector<Server> servers, Search search);
  Task<std::optional<NameServers>> ask_one(Server server, Name apex, Search search);
  NameServers name_servers_in(const Message& message, const Name& apex) const;
  Task<Delegation> with_addresses(Name apex, NameServers names, Search search);
  std::vector<Task<std::vector<Server>>> addresses_of_each(NameServers names, const Search& search);
  Task<std::vector<Server>> addresses_of(Name host, std::set<Endpoint> glue, Search search);
  bool may_be_asked(const Endpoint& endpoint) const;

  Resolver& resolver_;
  std::uint16_t port_;
  Lookups<std::pair<Name, ServerPolicy>, Delegation> found_;
};

}  // namespace acmed::dns
