// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <vector>

#include "base/runtime/task.h"
#include "dns/endpoint.h"
#include "dns/exchange.h"
#include "dns/lookups.h"
#include "dns/resolver.h"
#include "dns/server.h"

namespace acmed::dns {

/// Finds the name servers of a zone: the union of the parent's delegation and the zone's own NS set, since resolvers
/// may use either, with every address of each. A name server whose addresses cannot be looked up is listed as well,
/// without an address, so that the others are not mistaken for the complete set.
class Delegations {
 public:
  /// `port`: where the servers listen; NS records carry no port.
  Delegations(const Loop& loop, Resolver& resolver, std::uint16_t port);

  /// The servers of the zone at `apex`; its NS set is queried from the recursive resolvers, from the parent's servers
  /// and from its own. A parent that cannot be queried (a private network, a zone without delegation) does not matter.
  /// Throws Retry ("dns:no-servers").
  Task<std::vector<Server>> of(const Name& apex);

  /// The servers to which `parent` delegates the zone at `apex`, found without a resolver except for their addresses.
  /// Throws Retry ("dns:no-servers").
  Task<std::vector<Server>> below(const Name& apex, std::vector<Server> parent);

  void forget();

 private:
  /// Names of servers, and the addresses that came with them.
  struct NameServers {
    std::set<Name> hosts;
    std::map<Name, std::set<Endpoint>> glue;
    bool told_by_zone = false;  ///< by one of the zone's own servers

    void add(const NameServers& other);
  };

  Task<std::vector<Server>> find(Name apex);
  Task<std::vector<Server>> find_below(Name apex, std::vector<Server> parent);
  Task<NameServers> parent_side(Name apex);
  Task<NameServers> child_side(Name apex);
  Task<NameServers> ask_for_name_servers(Name apex, std::vector<Server> servers);
  Task<Reply> ask_patiently(Endpoint server, Name apex);
  NameServers name_servers_in(const Message& message, const Name& apex) const;
  Task<std::vector<Server>> with_addresses(Name apex, NameServers names);
  std::vector<Task<std::vector<Server>>> addresses_of_each(NameServers names);
  Task<std::vector<Server>> addresses_of(Name host, std::set<Endpoint> glue);

  Resolver& resolver_;
  std::uint16_t port_;
  Lookups<Name, std::vector<Server>> found_;
};

}  // namespace acmed::dns
