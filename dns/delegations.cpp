// SPDX-License-Identifier: Apache-2.0
#include "dns/delegations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/first_of.h"
#include "dns/hosts_file.h"
#include "dns/query.h"

namespace acmed::dns {
namespace {

constexpr std::size_t parent_hosts_asked = 3;  // one answer is enough, and a TLD has a dozen hosts
constexpr std::size_t most_hosts = 20;         // real zones have 2 to 13
constexpr std::size_t most_addresses = 2;      // of a host and family
constexpr Patience patience{std::chrono::milliseconds(1500), std::chrono::seconds(2), true};

template <class T>
std::vector<T> joined(std::vector<std::vector<T>> lists) {
  std::vector<T> all;
  for (auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

/// The first few of each address family, each once.
std::vector<Endpoint> some_of_each_family(std::vector<Endpoint> endpoints) {
  std::ranges::sort(endpoints);
  const auto same = std::ranges::unique(endpoints);
  endpoints.erase(same.begin(), same.end());
  std::map<int, std::size_t> taken;
  std::erase_if(endpoints, [&](const Endpoint& endpoint) { return ++taken[endpoint.family()] > most_addresses; });
  return endpoints;
}

std::string texts_of(const std::set<Name>& hosts) {
  std::vector<std::string> texts;
  for (const auto& host : hosts) texts.push_back(host.text());
  return fmt::format("{}", fmt::join(texts, ", "));
}

bool have_none_in_common(const std::set<Name>& one, const std::set<Name>& other) {
  return std::ranges::none_of(one, [&](const Name& name) { return other.contains(name); });
}

}  // namespace

Delegations::Delegations(const Loop& loop, Resolver& resolver, std::uint16_t port)
    : resolver_(resolver),
      port_(port),
      found_(loop.clock(), [](const Delegation& delegation) { return all_have_addresses(delegation.servers); }) {}

void Delegations::forget() {
  found_.forget();
}

void Delegations::NameServers::add(const NameServers& other) {
  hosts.insert(other.hosts.begin(), other.hosts.end());
  for (const auto& [host, endpoints] : other.glue) glue[host].insert(endpoints.begin(), endpoints.end());
  left_out = std::max(left_out, other.left_out);
}

void Delegations::NameServers::limit(const ServerPolicy& policy) {
  std::erase_if(hosts, [&](const Name& host) { return !policy.allows(host); });
  if (hosts.size() <= most_hosts) return;
  left_out += hosts.size() - most_hosts;
  hosts.erase(std::next(hosts.begin(), most_hosts), hosts.end());
}

Task<Delegation> Delegations::of(const Name& apex, Search search) {
  return found_.get({apex, search.policy}, find(apex, search));
}

Task<Delegation> Delegations::below(const Name& apex, std::vector<Server> parent, Search search) {
  return found_.get({apex, search.policy}, find_below(apex, std::move(parent), search));
}

Task<Delegation> Delegations::find(Name apex, Search search) {
  *search.step = fmt::format("finding the name servers of the zone {}", apex.text());
  if (search.may_trust_resolvers()) {
    auto names = co_await told_by_resolvers(apex, search);
    co_return co_await with_addresses(apex, std::move(names), search);
  }
  std::vector<Task<NameServers>> sides;
  sides.push_back(parent_side(apex, search));
  sides.push_back(child_side(apex, search));
  auto names = co_await when_all(std::move(sides));
  if (!names[0].hosts.empty() && names[0].hosts != names[1].hosts) {
    log::debug(fmt::format("the name servers of {} differ between its parent and itself", apex.text()));
  }
  const auto child = std::move(names[1]);
  auto all = std::move(names[0]);
  const auto delegated_to = all.hosts;
  // Those whom only the parent knows were not asked yet: what the resolvers know may be out of date.
  NameServers unasked;
  for (const auto& host : all.hosts) {
    const auto& glue = all.glue[host];
    if (child.hosts.contains(host) && (child.told_by_zone || glue.empty())) continue;
    unasked.hosts.insert(host);
    unasked.glue[host] = glue;
  }
  all.add(child);
  std::set<Name> undelegated;
  if (!unasked.hosts.empty()) {
    auto servers = co_await when_all(addresses_of_each(std::move(unasked), search));
    const auto own_names = co_await ask_for_name_servers(apex, joined(std::move(servers)), search);
    all.hosts.insert(own_names.hosts.begin(), own_names.hosts.end());
    all.left_out = std::max(all.left_out, own_names.left_out);
    // A parent that names the same servers otherwise is told right by those servers themselves.
    const bool knows_none = !own_names.hosts.empty() && have_none_in_common(delegated_to, child.hosts) &&
                            have_none_in_common(own_names.hosts, child.hosts);
    if (knows_none) undelegated = child.hosts;
  }
  auto delegation = co_await with_addresses(apex, std::move(all), search);
  delegation.undelegated = std::move(undelegated);
  co_return delegation;
}

Task<Delegation> Delegations::find_below(Name apex, std::vector<Server> parent, Search search) {
  *search.step = fmt::format("finding the name servers of the zone {}", apex.text());
  auto names = co_await ask_for_name_servers(apex, std::move(parent), search);
  const auto delegated_to = co_await with_addresses(apex, names, search);
  const auto own_names = co_await ask_for_name_servers(apex, delegated_to.servers, search);
  const bool new_host = !std::ranges::includes(names.hosts, own_names.hosts);
  if (!new_host) co_return delegated_to;
  names.add(own_names);
  co_return co_await with_addresses(apex, std::move(names), search);
}

Task<Delegations::NameServers> Delegations::parent_side(Name apex, Search search) {
  if (apex.label_count() < 2) co_return NameServers();
  try {
    const auto parent = co_await resolver_.zone_of(apex.parent());
    auto hosts = co_await resolver_.name_servers(parent);
    std::erase_if(hosts, [&](const Name& host) { return !search.policy.allows(host); });
    if (hosts.size() > parent_hosts_asked) hosts.resize(parent_hosts_asked);
    std::vector<Task<std::vector<Server>>> look_ups;
    look_ups.reserve(hosts.size());
    for (const auto& host : hosts) look_ups.push_back(addresses_of(host, {}, search));
    auto servers = co_await when_all(std::move(look_ups));
    co_return co_await ask_for_name_servers(apex, joined(std::move(servers)), search);
  } catch (const Error& error) {
    log::debug(fmt::format("the parent of {} cannot be asked for its name servers: {}", apex.text(), error.what()));
    co_return NameServers();
  }
}

Task<Delegations::NameServers> Delegations::child_side(Name apex, Search search) {
  auto names = co_await told_by_resolvers(apex, search);
  auto servers = co_await when_all(addresses_of_each(names, search));
  const auto own_names = co_await ask_for_name_servers(apex, joined(std::move(servers)), search);
  names.hosts.insert(own_names.hosts.begin(), own_names.hosts.end());
  names.left_out = std::max(names.left_out, own_names.left_out);
  names.told_by_zone = !own_names.hosts.empty();
  co_return names;
}

Task<Delegations::NameServers> Delegations::told_by_resolvers(Name apex, Search search) {
  NameServers names;
  try {
    const auto hosts = co_await resolver_.name_servers(apex);
    names.hosts.insert(hosts.begin(), hosts.end());
    names.limit(search.policy);
  } catch (const Retry& error) {
    log::debug(fmt::format("the resolvers do not know the name servers of {}: {}", apex.text(), error.what()));
  }
  co_return names;
}

/// What the first of `servers` says that knows: a referral, or an answer when it serves the zone itself.
Task<Delegations::NameServers> Delegations::ask_for_name_servers(Name apex, std::vector<Server> servers,
                                                                 Search search) {
  std::vector<Task<std::optional<NameServers>>> attempts;
  for (const auto& server : some_to_ask(servers)) attempts.push_back(ask_one(server, apex, search));
  const auto count = attempts.size();
  auto names = co_await first_of(std::move(attempts), stagger);
  if (names) co_return *std::move(names);
  log::debug(fmt::format("none of {} servers asked told the name servers of {}", count, apex.text()));
  co_return NameServers();
}

Task<std::optional<Delegations::NameServers>> Delegations::ask_one(Server server, Name apex, Search search) {
  AskOptions options;
  options.patience = patience;
  options.share = search.share;
  const auto reply = co_await ask(server.endpoint, {apex, Type::ns}, options);
  if (!reply.is_message() || reply.message.rcode != Rcode::noerror) co_return std::nullopt;
  auto names = name_servers_in(reply.message, apex);
  if (names.hosts.empty()) co_return std::nullopt;
  names.limit(search.policy);
  co_return names;
}

Delegations::NameServers Delegations::name_servers_in(const Message& message, const Name& apex) const {
  NameServers names;
  for (const auto* section : {&message.answer, &message.authority}) {
    for (const auto& record : *section) {
      const auto* target = std::get_if<Target>(&record.data);
      if (record.type == Type::ns && record.owner == apex && target != nullptr) names.hosts.insert(target->name);
    }
  }
  for (const auto& record : message.additional) {
    const auto* address = std::get_if<Address>(&record.data);
    if (address == nullptr || !names.hosts.contains(record.owner)) continue;
    if (const auto endpoint = Endpoint::from_octets(address->octets, port_)) names.glue[record.owner].insert(*endpoint);
  }
  return names;
}

Task<Delegation> Delegations::with_addresses(Name apex, NameServers names, Search search) {
  const bool any_host = !names.hosts.empty();
  names.limit(search.policy);
  auto found = co_await when_all(addresses_of_each(names, search));
  Delegation delegation{joined(std::move(found)), names.left_out};
  auto& servers = delegation.servers;
  // Two names may share an address: it is asked once.
  std::ranges::stable_sort(servers, {}, &Server::endpoint);
  const auto same = std::ranges::unique(servers, [](const Server& one, const Server& other) {
    return one.endpoint.has_address() && one.endpoint == other.endpoint;
  });
  servers.erase(same.begin(), same.end());
  const bool any_address =
      std::ranges::any_of(servers, [](const Server& server) { return server.endpoint.has_address(); });
  if (any_address) co_return delegation;

  if (!any_host) {
    throw Retry("dns:no-servers", fmt::format("no name server of the zone {} is known: it has no NS records that the "
                                              "resolvers or its parent's servers tell of",
                                              apex.text()));
  }
  if (servers.empty()) {
    const bool excluded = !search.policy.exclude.empty();
    const bool in_hosts_file =
        std::ranges::any_of(names.hosts, [](const Name& host) { return is_in_hosts_file(host); });
    throw Retry(
        "dns:no-servers",
        fmt::format("no name server of the zone {} is left to be asked{}: {}{}", apex.text(),
                    names.hosts.empty() ? "" : " (" + texts_of(names.hosts) + ")",
                    excluded ? "`exclude` in [propagation] leaves none" : "none has a public address in the DNS",
                    in_hosts_file ? "; /etc/hosts has one, which the DNS does not know" : ""));
  }
  throw Retry("dns:no-servers", fmt::format("no name server of the zone {} has an address that can be looked up: {}",
                                            apex.text(), servers.front().unknown_because));
}

std::vector<Task<std::vector<Server>>> Delegations::addresses_of_each(NameServers names, const Search& search) {
  std::vector<Task<std::vector<Server>>> look_ups;
  look_ups.reserve(names.hosts.size());
  for (const auto& host : names.hosts) look_ups.push_back(addresses_of(host, names.glue[host], search));
  return look_ups;
}

/// The addresses of `host`, those that the delegation brought (glue) as well: resolvers use either. When they cannot be
/// looked up, there is one more server without an address.
Task<std::vector<Server>> Delegations::addresses_of(Name host, std::set<Endpoint> glue, Search search) {
  std::vector<Endpoint> endpoints;
  std::string unknown_because;
  try {
    endpoints = co_await resolver_.addresses(host, port_);
    if (endpoints.empty() && glue.empty()) {
      log::warning(fmt::format("the name server {} has no address in the DNS{}", host.text(),
                               is_in_hosts_file(host) ? ": this host alone knows one, by /etc/hosts" : ""));
    }
  } catch (const Retry& error) {
    unknown_because = error.what();
  }
  endpoints.insert(endpoints.end(), glue.begin(), glue.end());
  const auto known = endpoints.size();
  std::erase_if(endpoints, [&](const Endpoint& endpoint) {
    return !may_be_asked(endpoint) || !search.policy.allows(Server{host, endpoint});
  });
  std::vector<Server> servers;
  for (const auto& endpoint : some_of_each_family(std::move(endpoints))) servers.push_back({host, endpoint});
  // A host whose only known addresses are excluded is not waited for because of others that cannot be looked up.
  const bool is_excluded = known > 0 && servers.empty();
  if (!unknown_because.empty() && !is_excluded) servers.push_back({host, Endpoint(), std::move(unknown_because)});
  co_return servers;
}

bool Delegations::may_be_asked(const Endpoint& endpoint) const {
  if (endpoint.is_loopback()) return resolver_.any_on_loopback();
  if (endpoint.is_link_local()) return resolver_.any_on_link();
  return endpoint.is_host_address();
}

}  // namespace acmed::dns
