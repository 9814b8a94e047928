// SPDX-License-Identifier: Apache-2.0
#include "dns/delegations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "dns/query.h"

namespace acmed::dns {
namespace {

constexpr std::size_t parent_hosts_asked = 3;  // one answer is enough, and a TLD has a dozen hosts
constexpr Patience short_patience{std::chrono::milliseconds(700), std::chrono::milliseconds(700), false};
constexpr Patience long_patience{std::chrono::milliseconds(1500), std::chrono::seconds(2), true};

template <class T>
std::vector<T> joined(std::vector<std::vector<T>> lists) {
  std::vector<T> all;
  for (auto& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

}  // namespace

Delegations::Delegations(const Loop& loop, Resolver& resolver, std::uint16_t port)
    : resolver_(resolver), port_(port), found_(loop.clock(), all_have_addresses) {}

void Delegations::forget() {
  found_.forget();
}

void Delegations::NameServers::add(const NameServers& other) {
  hosts.insert(other.hosts.begin(), other.hosts.end());
  for (const auto& [host, endpoints] : other.glue) glue[host].insert(endpoints.begin(), endpoints.end());
}

Task<std::vector<Server>> Delegations::of(const Name& apex) {
  return found_.get(apex, find(apex));
}

Task<std::vector<Server>> Delegations::below(const Name& apex, std::vector<Server> parent) {
  return found_.get(apex, find_below(apex, std::move(parent)));
}

Task<std::vector<Server>> Delegations::find(Name apex) {
  std::vector<Task<NameServers>> sides;
  sides.push_back(parent_side(apex));
  sides.push_back(child_side(apex));
  auto names = co_await when_all(std::move(sides));
  if (!names[0].hosts.empty() && names[0].hosts != names[1].hosts) {
    log::debug(fmt::format("the name servers of {} differ between its parent and itself", apex.text()));
  }
  const auto child = std::move(names[1]);
  auto all = std::move(names[0]);
  // Those whom only the parent knows were not asked yet: what the resolvers know may be out of date.
  NameServers unasked;
  for (const auto& host : all.hosts) {
    const auto& glue = all.glue[host];
    if (child.hosts.contains(host) && (child.told_by_zone || glue.empty())) continue;
    unasked.hosts.insert(host);
    unasked.glue[host] = glue;
  }
  all.add(child);
  if (!unasked.hosts.empty()) {
    auto servers = co_await when_all(addresses_of_each(std::move(unasked)));
    const auto own_names = co_await ask_for_name_servers(apex, joined(std::move(servers)));
    all.hosts.insert(own_names.hosts.begin(), own_names.hosts.end());
  }
  co_return co_await with_addresses(apex, std::move(all));
}

Task<std::vector<Server>> Delegations::find_below(Name apex, std::vector<Server> parent) {
  auto names = co_await ask_for_name_servers(apex, std::move(parent));
  const auto delegated_to = co_await with_addresses(apex, names);
  const auto own_names = co_await ask_for_name_servers(apex, delegated_to);
  const bool new_host = !std::ranges::includes(names.hosts, own_names.hosts);
  if (!new_host) co_return delegated_to;
  names.add(own_names);
  co_return co_await with_addresses(apex, std::move(names));
}

Task<Delegations::NameServers> Delegations::parent_side(Name apex) {
  if (apex.label_count() < 2) co_return NameServers();
  try {
    const auto parent = co_await resolver_.zone_of(apex.parent());
    auto hosts = co_await resolver_.name_servers(parent);
    if (hosts.size() > parent_hosts_asked) hosts.resize(parent_hosts_asked);
    std::vector<Task<std::vector<Server>>> look_ups;
    look_ups.reserve(hosts.size());
    for (const auto& host : hosts) look_ups.push_back(addresses_of(host, {}));
    auto servers = co_await when_all(std::move(look_ups));
    co_return co_await ask_for_name_servers(apex, joined(std::move(servers)));
  } catch (const Error& error) {
    log::debug(fmt::format("the parent of {} cannot be asked for its name servers: {}", apex.text(), error.what()));
    co_return NameServers();
  }
}

Task<Delegations::NameServers> Delegations::child_side(Name apex) {
  NameServers names;
  try {
    const auto hosts = co_await resolver_.name_servers(apex);
    names.hosts.insert(hosts.begin(), hosts.end());
    auto servers = co_await when_all(addresses_of_each(names));
    const auto own_names = co_await ask_for_name_servers(apex, joined(std::move(servers)));
    names.hosts.insert(own_names.hosts.begin(), own_names.hosts.end());
    names.told_by_zone = !own_names.hosts.empty();
  } catch (const Retry& error) {
    log::debug(fmt::format("the resolvers do not know the name servers of {}: {}", apex.text(), error.what()));
  }
  co_return names;
}

/// What the first of `servers` says that knows: a referral, or an answer when it serves the zone itself. Those that
/// keep silent are asked once more, all at once and with patience, when no other knows.
Task<Delegations::NameServers> Delegations::ask_for_name_servers(Name apex, std::vector<Server> servers) {
  std::vector<Task<Reply>> again;
  for (const auto& server : servers) {
    if (!server.endpoint.has_address()) continue;
    const auto reply = co_await ask(server.endpoint, {apex, Type::ns}, {false, short_patience, nullptr});
    if (reply.outcome == Reply::Outcome::silent) again.push_back(ask_patiently(server.endpoint, apex));
    if (!reply.is_message() || reply.message.rcode != Rcode::noerror) continue;
    auto names = name_servers_in(reply.message, apex);
    if (!names.hosts.empty()) co_return names;
  }
  const auto replies = co_await when_all(std::move(again));
  for (const auto& reply : replies) {
    if (!reply.is_message() || reply.message.rcode != Rcode::noerror) continue;
    auto names = name_servers_in(reply.message, apex);
    if (!names.hosts.empty()) co_return names;
  }
  log::debug(fmt::format("none of {} servers asked told the name servers of {}", servers.size(), apex.text()));
  co_return NameServers();
}

Task<Reply> Delegations::ask_patiently(Endpoint server, Name apex) {
  co_return co_await ask(server, {apex, Type::ns}, {false, long_patience, nullptr});
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

Task<std::vector<Server>> Delegations::with_addresses(Name apex, NameServers names) {
  auto found = co_await when_all(addresses_of_each(names));
  auto servers = joined(std::move(found));
  // Two names may share an address: it is asked once.
  std::ranges::stable_sort(servers, {}, &Server::endpoint);
  const auto same = std::ranges::unique(servers, [](const Server& one, const Server& other) {
    return one.endpoint.has_address() && one.endpoint == other.endpoint;
  });
  servers.erase(same.begin(), same.end());
  const bool any_address =
      std::ranges::any_of(servers, [](const Server& server) { return server.endpoint.has_address(); });
  if (any_address) co_return servers;

  std::vector<std::string> hosts;
  hosts.reserve(names.hosts.size());
  for (const auto& host : names.hosts) hosts.push_back(host.text());
  throw Retry("dns:no-servers",
              hosts.empty() ? fmt::format("no name server of the zone {} is known: it has no NS records that the "
                                          "resolvers or its parent's servers tell of",
                                          apex.text())
                            : fmt::format("no name server of the zone {} has an address that can be looked up: {}",
                                          apex.text(), fmt::join(hosts, ", ")));
}

std::vector<Task<std::vector<Server>>> Delegations::addresses_of_each(NameServers names) {
  std::vector<Task<std::vector<Server>>> look_ups;
  look_ups.reserve(names.hosts.size());
  for (const auto& host : names.hosts) look_ups.push_back(addresses_of(host, names.glue[host]));
  return look_ups;
}

/// Every address of `host`, those that the delegation brought (glue) as well: resolvers use either. When they cannot be
/// looked up, there is one more server without an address.
Task<std::vector<Server>> Delegations::addresses_of(Name host, std::set<Endpoint> glue) {
  std::vector<Endpoint> endpoints;
  bool told = true;
  try {
    endpoints = co_await resolver_.addresses(host, port_);
  } catch (const Retry& error) {
    log::debug(error.what());
    told = false;
  }
  if (told && endpoints.empty() && glue.empty()) {
    log::warning(fmt::format("the name server {} has no address that can be looked up", host.text()));
  }
  glue.insert(endpoints.begin(), endpoints.end());
  std::vector<Server> servers;
  servers.reserve(glue.size());
  for (const auto& endpoint : glue) servers.push_back({host, endpoint});
  if (!told) servers.push_back({host, Endpoint()});
  co_return servers;
}

}  // namespace acmed::dns
