// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "dns/endpoint.h"
#include "dns/lookups.h"
#include "dns/message.h"
#include "dns/resolvers.h"

namespace acmed::dns {

/// Asks recursive resolvers, one after another until one knows. Results are shared and kept as described at Lookups.
class Resolver {
 public:
  Resolver(const Loop& loop, Resolvers resolvers);

  /// The apex of the closest zone that holds `name`, by its SOA. Throws Refused ("dns:no-zone") when there is none but
  /// the root, Retry when the resolvers do not tell.
  Task<Name> zone_of(const Name& name);

  /// The names in the zone's own NS set, as far as the resolvers know them; may be empty. Throws Retry.
  Task<std::vector<Name>> name_servers(const Name& apex);

  /// Every A and AAAA address of `host`, with `port`; empty when it has none. Throws Retry when either kind cannot be
  /// looked up.
  Task<std::vector<Endpoint>> addresses(Name host, std::uint16_t port);

  /// Whether there are other resolvers to ask from now on; if so, all results are forgotten.
  bool look_for_change();

  void forget();

  const std::vector<Endpoint>& list() const noexcept { return resolvers_.list(); }

 private:
  /// The A or the AAAA addresses of a host, or why they are unknown.
  struct AddressAnswer {
    std::vector<std::string> octets;
    std::optional<Retry> failure;
  };

  Task<Message> ask(Question question);
  std::vector<Endpoint> in_turn() const;
  void ask_later(const Endpoint& resolver);
  Task<Name> find_zone(Name name);
  Task<std::vector<Name>> find_name_servers(Name apex);
  Task<std::vector<std::string>> find_octets(Name host);
  Task<AddressAnswer> ask_for_addresses(Question question);

  const Clock& clock_;
  Resolvers resolvers_;
  std::size_t first_ = 0;  ///< which of them to ask first: one that answered
  Lookups<Name, Name> zones_;
  Lookups<Name, std::vector<Name>> name_servers_;
  Lookups<Name, std::vector<std::string>> octets_;
};

}  // namespace acmed::dns
