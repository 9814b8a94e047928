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

  /// The apex of the closest zone that holds `name`, by its SOA, or by its NS records where a resolver keeps those to
  /// itself. Throws Refused ("dns:no-zone") when there is none but the root, Retry when the resolvers do not tell.
  Task<Name> zone_of(const Name& name);

  /// The names in the zone's own NS set, as far as the resolvers know them; may be empty. Throws Retry.
  Task<std::vector<Name>> name_servers(const Name& apex);

  /// Every A and AAAA address of `host`, with `port`; empty when it has none. Throws Retry when either kind cannot be
  /// looked up.
  Task<std::vector<Endpoint>> addresses(Name host, std::uint16_t port);

  /// What the resolvers tell of where `name` is.
  struct Told {
    std::optional<Name> alias_of;  ///< what it stands for when it is an alias
    std::optional<Name> zone;      ///< that holds it, where the answer says so
  };
  /// For challenge names only where no authoritative server can be asked: from then on the resolvers remember what they
  /// told (RFC 2308 §5). Throws Retry.
  Task<Told> tell(Name name);

  /// Rereads which resolvers there are; when they changed, all results are forgotten.
  void look_for_change();
  /// How often they have changed.
  unsigned changes() const noexcept { return changes_; }

  /// Whether one of them is on this host, or on its link, respectively.
  bool any_on_loopback() const;
  bool any_on_link() const;

  void forget();

  const std::vector<Endpoint>& list() const noexcept { return resolvers_.list(); }

 private:
  /// The A or the AAAA addresses of a host, or why they are unknown.
  struct AddressAnswer {
    std::vector<std::string> octets;
    std::optional<Retry> failure;
  };

  Task<Message> ask(Question question);
  Task<bool> is_apex_by_name_servers(Name name);
  std::string texts() const;
  std::vector<Endpoint> in_turn() const;
  void ask_later(const Endpoint& resolver);
  Task<Name> find_zone(Name name);
  Task<std::vector<Name>> find_name_servers(Name apex);
  Task<std::vector<std::string>> find_octets(Name host);
  Task<AddressAnswer> ask_for_addresses(Question question);

  const Clock& clock_;
  Resolvers resolvers_;
  unsigned changes_ = 0;
  std::size_t first_ = 0;  ///< which of them to ask first: one that answered
  Lookups<Name, Name> zones_;
  Lookups<Name, std::vector<Name>> name_servers_;
  Lookups<Name, std::vector<std::string>> octets_;
};

}  // namespace acmed::dns
