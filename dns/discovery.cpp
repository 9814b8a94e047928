// SPDX-License-Identifier: Apache-2.0
#include "dns/discovery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/challenge_label.h"
#include "dns/delegations.h"
#include "dns/lookups.h"
#include "dns/query.h"
#include "dns/resolver.h"

namespace acmed::dns {
namespace {

constexpr std::size_t longest_chain = 16;  // aliases; Unbound, which CAs use, follows about 11
constexpr int most_cuts = 16;              // zone cuts between the zone that the resolvers know and the name
constexpr Patience first_patience{std::chrono::milliseconds(400), std::chrono::seconds(2), false};
constexpr Patience second_patience{std::chrono::milliseconds(1500), std::chrono::seconds(2), true};

/// What an authoritative server's answer says of a name.
struct Finding {
  enum class Kind {
    here,      ///< it is in the zone whose servers were asked
    alias,     ///< it stands for `name`
    deeper,    ///< it is in the zone at `name`, below the one whose servers were asked
    no_apex,   ///< it exists, and nothing tells in which zone
    unusable,  ///< the server does not serve the zone
  };
  Kind kind = Kind::unusable;
  Name name;
};

/// DNAME (RFC 6672 §2.3): the end of `name` that is `owner` is replaced by `target`.
std::optional<Name> substituted(const Name& name, const Name& owner, const Name& target) {
  const auto prefix = name.text().substr(0, name.text().size() - owner.text().size());
  return Name::parse(prefix + target.text());
}

std::optional<Name> alias_in(const Message& message, const Name& name) {
  for (const auto& record : message.answer) {
    const auto* target = std::get_if<Target>(&record.data);
    if (target != nullptr && record.type == Type::cname && record.owner == name) return target->name;
  }
  for (const auto& record : message.answer) {
    const auto* target = std::get_if<Target>(&record.data);
    if (target != nullptr && record.type == Type::dname && name.is_within(record.owner) && name != record.owner) {
      return substituted(name, record.owner, target->name);
    }
  }
  return std::nullopt;
}

std::optional<Name> owner_of(Type type, const std::vector<Record>& records, const Name& name) {
  for (const auto& record : records) {
    if (record.type == type && name.is_within(record.owner)) return record.owner;
  }
  return std::nullopt;
}

Finding finding_at(const Name& apex, const Name& zone) {
  if (apex == zone) return {Finding::Kind::here, zone};
  // A server that answers for a zone above has lost this one.
  if (!apex.is_within(zone)) return {};
  return {Finding::Kind::deeper, apex};
}

/// Reads an answer about `name` from a server of `zone`, which holds it or a zone above it.
Finding read(const Message& message, const Name& name, const Name& zone) {
  if (message.rcode != Rcode::noerror && message.rcode != Rcode::nxdomain) return {};
  const auto delegated = owner_of(Type::ns, message.authority, name);
  if (!message.authoritative) {
    const bool referral = message.rcode == Rcode::noerror && delegated && *delegated != zone;
    return referral ? finding_at(*delegated, zone) : Finding();
  }
  if (const auto target = alias_in(message, name)) return {Finding::Kind::alias, *target};
  if (const auto apex = owner_of(Type::soa, message.answer, name)) return finding_at(*apex, zone);
  if (const auto apex = owner_of(Type::soa, message.authority, name)) return finding_at(*apex, zone);
  if (delegated) return finding_at(*delegated, zone);
  return {Finding::Kind::no_apex, {}};
}

/// An alias may lead below the challenge name of another domain.
Name above_challenge_names(const Name& name) {
  auto above = name.parent();
  for (auto each = above; !each.is_root(); each = each.parent()) {
    if (each.starts_with(config::challenge_label)) above = each.parent();
  }
  return above;
}

std::string said_by(const Server& server, const Reply& reply) {
  const bool lame = reply.is_message() && reply.message.rcode == Rcode::noerror;
  return fmt::format("{}: {}", server.text(), lame ? "not authoritative" : to_text(reply));
}

}  // namespace

class Discovery::Findings {
 public:
  Findings(const Loop& loop, Resolvers resolvers, std::uint16_t port)
      : resolver_(loop, std::move(resolvers)),
        delegations_(loop, resolver_, port),
        locations_(loop.clock(), [](const Location& location) { return all_have_addresses(location.servers); }) {}

  Task<Location> locate(const Name& name) {
    look_at_resolvers();
    return locations_.get(name, follow(name));
  }
  Task<std::optional<Location>> beside_wildcard(Name challenge_name);
  Task<std::vector<Endpoint>> addresses(Name host, std::uint16_t port) {
    look_at_resolvers();
    return resolver_.addresses(std::move(host), port);
  }
  std::vector<Endpoint> resolvers() const { return resolver_.list(); }
  void forget() {
    locations_.forget();
    delegations_.forget();
    resolver_.forget();
  }

 private:
  /// The zone that holds a name, and what the name stands for when it is an alias.
  struct Place {
    Name zone;
    std::vector<Server> servers;
    std::optional<Name> alias_of;
  };

  /// What others told need not be what these tell: they may be of another network.
  void look_at_resolvers() {
    if (resolver_.look_for_change()) forget();
  }
  Task<Location> follow(Name challenge_name);
  Task<Place> place_of(Name name);
  Task<Finding> ask_servers(Name name, Name zone, std::vector<Server> servers);
  Task<bool> is_wildcard_alias(Name alias, Place place);
  Task<bool> is_there_itself(Name alias, Name encloser, Place place);
  Task<std::optional<Name>> alias_told(Name name, std::vector<Server> servers);

  Resolver resolver_;
  Delegations delegations_;
  Lookups<Name, Location> locations_;
};

Task<Location> Discovery::Findings::follow(Name challenge_name) {
  Location location{challenge_name, {}, {}, {}};
  Place place;
  for (;;) {
    std::exception_ptr failure;
    try {
      auto next = co_await place_of(location.effective);
      place = std::move(next);
    } catch (const Error&) {
      if (location.chain.empty()) throw;
      failure = std::current_exception();
    }
    if (failure) {
      const auto alias = location.chain.back();
      const bool wildcard = co_await is_wildcard_alias(alias, place);
      const auto of_what = wildcard ? " through a wildcard CNAME, which a TXT record of its own would switch off" : "";
      try {
        std::rethrow_exception(failure);
      } catch (const Error& error) {
        std::rethrow_exception(error.in_context(
            Party::name_server,
            fmt::format("{} is an alias of {}{}, and", alias.text(), location.effective.text(), of_what)));
      }
    }
    if (location.chain.empty()) location.own_zone = place.zone;
    if (!place.alias_of) break;

    location.chain.push_back(location.effective);
    location.effective = *place.alias_of;
    const bool seen = std::ranges::find(location.chain, location.effective) != location.chain.end();
    if (seen || location.chain.size() > longest_chain) {
      std::vector<std::string> names;
      names.reserve(location.chain.size());
      for (const auto& alias : location.chain) names.push_back(alias.text());
      throw Refused("dns:cname-loop", fmt::format("the aliases (CNAME, DNAME) from {} {}: {} -> {}",
                                                  challenge_name.text(), seen ? "go round in a circle" : "are too many",
                                                  fmt::join(names, " -> "), location.effective.text()));
    }
  }
  location.zone = place.zone;
  location.servers = std::move(place.servers);
  co_return location;
}

/// Begins at the zone of the closest name above that is not at or below a challenge name, which resolvers may be asked
/// for, and goes down the zone cuts by asking authoritative servers.
Task<Discovery::Findings::Place> Discovery::Findings::place_of(Name name) {
  Place place;
  place.zone = co_await resolver_.zone_of(above_challenge_names(name));
  place.servers = co_await delegations_.of(place.zone);
  for (int cuts = 0; cuts < most_cuts; ++cuts) {
    const auto finding = co_await ask_servers(name, place.zone, place.servers);
    if (finding.kind == Finding::Kind::alias) place.alias_of = finding.name;
    if (finding.kind != Finding::Kind::deeper) co_return place;
    auto servers = co_await delegations_.below(finding.name, place.servers);
    place.zone = finding.name;
    place.servers = std::move(servers);
  }
  throw Refused("dns:no-zone", fmt::format("there are too many zone cuts above {}", name.text()));
}

/// The first usable answer of `servers`, each asked in turn: at first with little patience, since one answer is enough.
Task<Finding> Discovery::Findings::ask_servers(Name name, Name zone, std::vector<Server> servers) {
  std::vector<std::string> said;
  std::string cause = "dns:no-route";
  for (const auto& patience : {first_patience, second_patience}) {
    said.clear();
    for (const auto& server : servers) {
      if (!server.endpoint.has_address()) continue;
      auto reply = co_await ask(server.endpoint, {name, Type::txt}, {false, patience, nullptr});
      auto finding = reply.is_message() ? read(reply.message, name, zone) : Finding();
      if (finding.kind == Finding::Kind::no_apex) {
        // The TXT record is there, so no SOA came with it; and the server may serve a deeper zone too.
        reply = co_await ask(server.endpoint, {name, Type::soa}, {false, patience, nullptr});
        finding = reply.is_message() ? read(reply.message, name, zone) : Finding();
        if (finding.kind == Finding::Kind::no_apex) finding.kind = Finding::Kind::here;
      }
      if (finding.kind != Finding::Kind::unusable) co_return finding;
      said.push_back(said_by(server, reply));
      if (reply.is_message()) {
        cause = "dns:lame";
      } else if (cause != "dns:lame" && reply.outcome != Reply::Outcome::no_route) {
        cause = "dns:timeout";
      }
    }
  }
  throw Retry(cause, fmt::format("no name server of the zone {} answers for {} ({})", zone.text(), name.text(),
                                 fmt::join(said, ", ")));
}

Task<std::optional<Location>> Discovery::Findings::beside_wildcard(Name challenge_name) {
  Location location{challenge_name, {}, {}, {}};
  while (location.chain.size() <= longest_chain) {
    const auto place = co_await place_of(location.effective);
    if (location.chain.empty()) location.own_zone = place.zone;
    if (!place.alias_of) break;
    const bool wildcard = co_await is_wildcard_alias(location.effective, place);
    if (wildcard) {
      location.zone = place.zone;
      location.servers = place.servers;
      co_return location;
    }
    location.chain.push_back(location.effective);
    location.effective = *place.alias_of;
  }
  co_return std::nullopt;
}

Task<bool> Discovery::Findings::is_wildcard_alias(Name alias, Place place) {
  for (auto above = alias.parent(); above.is_within(place.zone) && !above.is_root(); above = above.parent()) {
    const auto wildcard = Name::parse("*." + above.text());
    if (!wildcard || *wildcard == alias) continue;
    const auto target = co_await alias_told(*wildcard, place.servers);
    if (target != place.alias_of) continue;
    const bool own = co_await is_there_itself(alias, above, place);
    co_return !own;
  }
  co_return false;
}

/// Whether `alias` has a record of its own that says the same as the wildcard below `encloser`. No wildcard reaches
/// below a name that is there (RFC 4592 §2.2.1, §3.3.1), whereas it reaches as far below one that is not; but for
/// servers whose wildcards are one label deep, which tell nothing.
Task<bool> Discovery::Findings::is_there_itself(Name alias, Name encloser, Place place) {
  const auto below = Name::parse("x." + alias.text());
  const auto below_none = Name::parse("x.acmed-is-not-here." + encloser.text());
  if (!below || !below_none) co_return false;
  const auto target = co_await alias_told(*below, place.servers);
  if (target == place.alias_of) co_return false;
  const auto of_none = co_await alias_told(*below_none, place.servers);
  co_return of_none == place.alias_of;
}

/// By the first of `servers` that answers. Nothing when `name` is no alias, or none of them does.
Task<std::optional<Name>> Discovery::Findings::alias_told(Name name, std::vector<Server> servers) {
  for (const auto& server : servers) {
    if (!server.endpoint.has_address()) continue;
    const auto reply = co_await ask(server.endpoint, {name, Type::cname}, {false, first_patience, nullptr});
    if (!reply.is_message() || !reply.message.authoritative) continue;
    if (reply.message.rcode != Rcode::noerror && reply.message.rcode != Rcode::nxdomain) continue;
    co_return alias_in(reply.message, name);
  }
  co_return std::nullopt;
}

Discovery::Discovery(const Loop& loop, Resolvers resolvers, std::uint16_t server_port)
    : findings_(std::make_unique<Findings>(loop, std::move(resolvers), server_port)) {}

Discovery::~Discovery() = default;

Task<Location> Discovery::locate(const Name& challenge_name) {
  return findings_->locate(challenge_name);
}

Task<std::optional<Location>> Discovery::beside_wildcard(Name challenge_name) {
  return findings_->beside_wildcard(std::move(challenge_name));
}

Task<std::vector<Endpoint>> Discovery::addresses(Name host, std::uint16_t port) {
  return findings_->addresses(std::move(host), port);
}

std::vector<Endpoint> Discovery::resolvers() const {
  return findings_->resolvers();
}

void Discovery::forget() {
  findings_->forget();
}

}  // namespace acmed::dns
