// SPDX-License-Identifier: Apache-2.0
#include "dns/discovery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/first_of.h"
#include "config/challenge_label.h"
#include "dns/aliases.h"
#include "dns/delegations.h"
#include "dns/hosts_file.h"
#include "dns/lookups.h"
#include "dns/query.h"
#include "dns/resolver.h"

namespace acmed::dns {
namespace {

constexpr std::size_t longest_chain = 16;  // aliases; Unbound, which CAs use, follows about 11
constexpr int most_cuts = 16;              // zone cuts between the zone that the resolvers know and the name
constexpr Duration longest_search = std::chrono::seconds(30);
constexpr std::size_t most_said = 8;  // servers named in a sentence
constexpr Patience long_patience{std::chrono::milliseconds(1500), std::chrono::seconds(2), true};
constexpr Patience short_patience{std::chrono::milliseconds(400), std::chrono::seconds(2), false};

/// What an authoritative server's answer says of a name.
struct Finding {
  enum class Kind {
    here,      ///< it is in the zone whose servers were asked
    alias,     ///< it stands for `name`
    deeper,    ///< it is in the zone at `name`, below the one whose servers were asked
    no_apex,   ///< it exists, or the answer was cut short, and nothing tells in which zone
    unusable,  ///< the server does not serve the zone
  };
  Kind kind = Kind::unusable;
  Name name;
};

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
  if (message.truncated) return {Finding::Kind::no_apex, {}};
  if (const auto apex = owner_of(Type::soa, message.answer, name)) return finding_at(*apex, zone);
  if (const auto apex = owner_of(Type::soa, message.authority, name)) return finding_at(*apex, zone);
  if (delegated) return finding_at(*delegated, zone);
  return {Finding::Kind::no_apex, {}};
}

/// An alias may lead below the challenge name of another domain.
Name above_challenge_names(const Name& name) {
  auto above = name.parent();
  for (auto each = above; !each.is_root(); each = each.parent()) {
    if (config::begins_with_challenge_label(each)) above = each.parent();
  }
  return above;
}

/// What the servers said that were of no use.
struct Said {
  std::vector<std::string> words;
  std::string cause = "dns:no-route";
};

std::string said_by(const Server& server, const Reply& reply) {
  const bool lame = reply.is_message() && reply.message.rcode == Rcode::noerror;
  return fmt::format("{}: {}", server.text(), lame ? "not authoritative" : to_text(reply));
}

}  // namespace

class Discovery::Findings {
 public:
  Findings(const Loop& loop, Resolvers resolvers, std::uint16_t port, ServerPolicy usual)
      : clock_(loop.clock()),
        usual_(std::move(usual)),
        resolver_(loop, std::move(resolvers)),
        delegations_(loop, resolver_, port),
        places_(loop.clock(), [](const Place& place) { return all_have_addresses(place.servers); }) {}

  Task<Location> locate(Name challenge_name, PolicyOf policy_of, std::shared_ptr<InFlight::Share> share);
  Task<std::optional<Location>> beside_wildcard(Name challenge_name, PolicyOf policy_of,
                                                std::shared_ptr<InFlight::Share> share);
  Task<std::vector<Endpoint>> addresses(Name host, std::uint16_t port);
  std::vector<Endpoint> resolvers() const { return resolver_.list(); }
  void forget() {
    places_.forget();
    delegations_.forget();
    resolver_.forget();
  }

 private:
  /// The zone that holds a name, and what the name stands for when it is an alias.
  struct Place {
    Name zone;
    std::vector<Server> servers;
    std::size_t servers_left_out = 0;
    std::set<Name> undelegated = {};
    std::optional<Name> alias_of = {};
    bool told_by_resolvers = false;  ///< no authoritative server was asked, or none answered
  };

  Search search_for(const Name& name, const PolicyOf& policy_of, const std::shared_ptr<InFlight::Share>& share) const;
  void look_at_resolvers();
  Task<Place> place_of(Name name, Search search, Moment until);
  Task<Place> find_in_time(Name name, Search search, Moment until);
  Task<Place> find_place(Name name, Search search);
  Task<Place> ask_down_to(Name name, Name zone, Search search);
  Task<Place> ask_resolvers(Name name, Name zone);
  Task<Finding> ask_servers(Name name, Name zone, std::vector<Server> servers, Search search);
  Task<std::optional<Finding>> ask_one(Server server, Name name, Name zone, Search search, Said* said);
  Task<bool> is_wildcard_alias(Name alias, Place place, Search search);
  Task<bool> is_there_itself(Name alias, Name encloser, Place place, Search search);
  Task<std::optional<Name>> alias_told(Name name, Place place, Search search);
  Task<std::optional<std::optional<Name>>> alias_told_by(Server server, Name name, Search search);

  const Clock& clock_;
  const ServerPolicy usual_;
  Resolver resolver_;
  unsigned resolver_changes_ = 0;
  Delegations delegations_;
  Lookups<std::pair<Name, ServerPolicy>, Place> places_;
};

Search Discovery::Findings::search_for(const Name& name, const PolicyOf& policy_of,
                                       const std::shared_ptr<InFlight::Share>& share) const {
  Search search;
  search.policy = policy_of ? policy_of(name) : usual_;
  search.share = share;
  return search;
}

/// What others told need not be what these tell: they may be of another network.
void Discovery::Findings::look_at_resolvers() {
  resolver_.look_for_change();
  if (std::exchange(resolver_changes_, resolver_.changes()) != resolver_.changes()) forget();
}

Task<Location> Discovery::Findings::locate(Name challenge_name, PolicyOf policy_of,
                                           std::shared_ptr<InFlight::Share> share) {
  look_at_resolvers();
  const auto until = clock_.moment() + longest_search;
  Location location{challenge_name, {}, {}, {}};
  Place place;
  for (;;) {
    const auto search = search_for(location.effective, policy_of, share);
    std::exception_ptr failure;
    try {
      auto next = co_await place_of(location.effective, search, until);
      place = std::move(next);
    } catch (const Error&) {
      if (location.chain.empty()) throw;
      failure = std::current_exception();
    }
    if (failure) {
      const auto alias = location.chain.back();
      const auto made = co_await within(until - clock_.moment(), is_wildcard_alias(alias, place, search));
      const bool wildcard = made.value_or(false);
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
  location.servers_left_out = place.servers_left_out;
  location.undelegated = std::move(place.undelegated);
  co_return location;
}

/// `until`: when whoever is the first to search for it gives up.
Task<Discovery::Findings::Place> Discovery::Findings::place_of(Name name, Search search, Moment until) {
  return places_.get({name, search.policy}, find_in_time(name, search, until));
}

Task<Discovery::Findings::Place> Discovery::Findings::find_in_time(Name name, Search search, Moment until) {
  auto place = co_await within(until - clock_.moment(), find_place(name, search));
  if (place) co_return *std::move(place);
  throw Retry("dns:timeout", fmt::format("where {} is in the DNS was not found within {}; the last step was {}",
                                         name.text(), acmed::to_text(longest_search),
                                         search.step->empty() ? "asking the resolvers" : *search.step));
}

/// Begins at the zone of the closest name above that is not at or below a challenge name, which resolvers may be asked
/// for, and goes down the zone cuts by asking authoritative servers.
Task<Discovery::Findings::Place> Discovery::Findings::find_place(Name name, Search search) {
  const auto zone = co_await resolver_.zone_of(above_challenge_names(name));
  try {
    co_return co_await ask_down_to(name, zone, search);
  } catch (const Retry& failure) {
    if (!search.may_trust_resolvers()) throw;
    log::debug(failure.what());
  }
  co_return co_await ask_resolvers(name, zone);
}

Task<Discovery::Findings::Place> Discovery::Findings::ask_down_to(Name name, Name zone, Search search) {
  Delegation delegation;
  try {
    auto found = co_await delegations_.of(zone, search);
    delegation = std::move(found);
  } catch (const Retry&) {
    if (search.policy.extra.empty()) throw;  // otherwise those servers may know
  }
  Place place;
  place.zone = std::move(zone);
  for (int cuts = 0; cuts < most_cuts; ++cuts) {
    place.servers = std::move(delegation.servers);
    place.servers_left_out = delegation.left_out;
    place.undelegated = std::move(delegation.undelegated);
    const auto finding = co_await ask_servers(name, place.zone, place.servers, search);
    if (finding.kind == Finding::Kind::alias) place.alias_of = finding.name;
    if (finding.kind != Finding::Kind::deeper) co_return place;
    auto parent = place.servers;
    for (const auto& endpoint : search.policy.extra) parent.push_back({{}, endpoint});
    auto below = co_await delegations_.below(finding.name, std::move(parent), search);
    delegation = std::move(below);
    place.zone = finding.name;
  }
  throw Refused("dns:no-zone", fmt::format("there are too many zone cuts above {}", name.text()));
}

/// For a host that reaches no authoritative server.
Task<Discovery::Findings::Place> Discovery::Findings::ask_resolvers(Name name, Name zone) {
  Place place;
  place.zone = std::move(zone);
  place.told_by_resolvers = true;
  try {
    const auto told = co_await resolver_.tell(name);
    place.alias_of = told.alias_of;
    if (told.zone && told.zone->is_within(place.zone)) place.zone = *told.zone;
  } catch (const Retry& failure) {
    log::debug(fmt::format("{} is taken for no alias: {}", name.text(), failure.what()));
  }
  co_return place;
}

/// The first usable answer of `servers` and of those that the administrator named besides.
Task<Finding> Discovery::Findings::ask_servers(Name name, Name zone, std::vector<Server> servers, Search search) {
  *search.step = fmt::format("asking the name servers of the zone {} for {}", zone.text(), name.text());
  for (const auto& endpoint : search.policy.extra) servers.push_back({{}, endpoint});
  Said said;
  std::vector<Task<std::optional<Finding>>> attempts;
  for (const auto& server : some_to_ask(servers)) attempts.push_back(ask_one(server, name, zone, search, &said));
  auto finding = co_await first_of(std::move(attempts), stagger);
  if (finding) co_return *finding;
  const auto unnamed = said.words.size() - std::min(said.words.size(), most_said);
  said.words.resize(said.words.size() - unnamed);
  throw Retry(said.cause,
              fmt::format("no name server of the zone {} answers for {} ({}{})", zone.text(), name.text(),
                          fmt::join(said.words, ", "), unnamed > 0 ? fmt::format(", and {} more", unnamed) : ""));
}

Task<std::optional<Finding>> Discovery::Findings::ask_one(Server server, Name name, Name zone, Search search,
                                                          Said* said) {
  AskOptions options;
  options.patience = search.may_trust_resolvers() ? short_patience : long_patience;
  options.accept_cut = true;
  options.share = search.share;
  auto reply = co_await ask(server.endpoint, {name, Type::txt}, options);
  auto finding = reply.is_message() ? read(reply.message, name, zone) : Finding();
  if (finding.kind == Finding::Kind::no_apex) {
    // The TXT record is there, so no SOA came with it; and the server may serve a deeper zone too.
    reply = co_await ask(server.endpoint, {name, Type::soa}, options);
    finding = reply.is_message() ? read(reply.message, name, zone) : Finding();
    if (finding.kind == Finding::Kind::no_apex) finding.kind = Finding::Kind::here;
  }
  if (finding.kind != Finding::Kind::unusable) co_return finding;
  said->words.push_back(said_by(server, reply));
  if (reply.is_message()) {
    said->cause = "dns:lame";
  } else if (said->cause != "dns:lame" && reply.outcome != Reply::Outcome::no_route) {
    said->cause = "dns:timeout";
  }
  co_return std::nullopt;
}

Task<std::optional<Location>> Discovery::Findings::beside_wildcard(Name challenge_name, PolicyOf policy_of,
                                                                   std::shared_ptr<InFlight::Share> share) {
  look_at_resolvers();
  const auto until = clock_.moment() + longest_search;
  Location location{challenge_name, {}, {}, {}};
  while (location.chain.size() <= longest_chain) {
    const auto search = search_for(location.effective, policy_of, share);
    const auto place = co_await place_of(location.effective, search, until);
    if (location.chain.empty()) location.own_zone = place.zone;
    if (!place.alias_of) break;
    const auto made = co_await within(until - clock_.moment(), is_wildcard_alias(location.effective, place, search));
    if (made.value_or(false)) {
      location.zone = place.zone;
      location.servers = place.servers;
      location.servers_left_out = place.servers_left_out;
      location.undelegated = place.undelegated;
      co_return location;
    }
    location.chain.push_back(location.effective);
    location.effective = *place.alias_of;
  }
  co_return std::nullopt;
}

Task<bool> Discovery::Findings::is_wildcard_alias(Name alias, Place place, Search search) {
  for (auto above = alias.parent(); above.is_within(place.zone) && !above.is_root(); above = above.parent()) {
    const auto wildcard = Name::parse("*." + above.text());
    if (!wildcard || *wildcard == alias) continue;
    const auto target = co_await alias_told(*wildcard, place, search);
    if (target != place.alias_of) continue;
    const bool own = co_await is_there_itself(alias, above, place, search);
    co_return !own;
  }
  co_return false;
}

/// Whether `alias` has a record of its own that says the same as the wildcard below `encloser`. No wildcard reaches
/// below a name that is there (RFC 4592 §2.2.1, §3.3.1), whereas it reaches as far below one that is not; but for
/// servers whose wildcards are one label deep, which tell nothing.
Task<bool> Discovery::Findings::is_there_itself(Name alias, Name encloser, Place place, Search search) {
  const auto below = Name::parse("x." + alias.text());
  const auto below_none = Name::parse("x.acmed-is-not-here." + encloser.text());
  if (!below || !below_none) co_return false;
  const auto target = co_await alias_told(*below, place, search);
  if (target == place.alias_of) co_return false;
  const auto of_none = co_await alias_told(*below_none, place, search);
  co_return of_none == place.alias_of;
}

/// By the first server of `place` that answers. Nothing when `name` is no alias, or none of them does.
Task<std::optional<Name>> Discovery::Findings::alias_told(Name name, Place place, Search search) {
  if (place.told_by_resolvers) {
    const auto told = co_await resolver_.tell(name);
    co_return told.alias_of;
  }
  for (const auto& endpoint : search.policy.extra) place.servers.push_back({{}, endpoint});
  std::vector<Task<std::optional<std::optional<Name>>>> attempts;
  for (const auto& server : some_to_ask(place.servers)) attempts.push_back(alias_told_by(server, name, search));
  const auto target = co_await first_of(std::move(attempts), stagger);
  co_return target.value_or(std::nullopt);
}

Task<std::optional<std::optional<Name>>> Discovery::Findings::alias_told_by(Server server, Name name, Search search) {
  AskOptions options;
  options.patience = short_patience;
  options.share = search.share;
  const auto reply = co_await ask(server.endpoint, {name, Type::cname}, options);
  if (!reply.is_message() || !reply.message.authoritative) co_return std::nullopt;
  if (reply.message.rcode != Rcode::noerror && reply.message.rcode != Rcode::nxdomain) co_return std::nullopt;
  co_return alias_in(reply.message, name);
}

Task<std::vector<Endpoint>> Discovery::Findings::addresses(Name host, std::uint16_t port) {
  look_at_resolvers();
  const auto hint = fmt::format(
      "this host's /etc/hosts alone knows {}, which is not asked here: give the address in its place", host.text());
  try {
    auto found = co_await resolver_.addresses(host, port);
    if (!found.empty() || !is_in_hosts_file(host)) co_return found;
  } catch (const Retry& failure) {
    if (!is_in_hosts_file(host)) throw;
    throw Retry(failure.cause(), fmt::format("{}; {}", failure.what(), hint));
  }
  throw Refused("dns:no-address", hint);
}

Discovery::Discovery(const Loop& loop, Resolvers resolvers, std::uint16_t server_port, ServerPolicy usual)
    : findings_(std::make_unique<Findings>(loop, std::move(resolvers), server_port, std::move(usual))) {}

Discovery::~Discovery() = default;

Task<Location> Discovery::locate(Name challenge_name, PolicyOf policy_of, std::shared_ptr<InFlight::Share> share) {
  return findings_->locate(std::move(challenge_name), std::move(policy_of), std::move(share));
}

Task<std::optional<Location>> Discovery::beside_wildcard(Name challenge_name, PolicyOf policy_of,
                                                         std::shared_ptr<InFlight::Share> share) {
  return findings_->beside_wildcard(std::move(challenge_name), std::move(policy_of), std::move(share));
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
