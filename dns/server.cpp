// SPDX-License-Identifier: Apache-2.0
#include "dns/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace acmed::dns {
namespace {

constexpr std::size_t most_asked_for_one_answer = 20;

}  // namespace

std::string Server::text() const {
  if (!endpoint.has_address()) return host.text();
  return host.is_root() ? endpoint.text() : fmt::format("{} ({})", host.text(), endpoint.text());
}

std::vector<Server> some_to_ask(const std::vector<Server>& servers) {
  std::map<Name, std::size_t> of_host;
  std::multimap<std::size_t, Server> by_rank;
  for (const auto& server : servers) {
    if (server.endpoint.has_address()) by_rank.emplace(of_host[server.host]++, server);
  }
  std::vector<Server> some;
  for (auto& [rank, server] : by_rank) {
    if (some.size() == most_asked_for_one_answer) break;
    some.push_back(std::move(server));
  }
  return some;
}

bool all_have_addresses(const std::vector<Server>& servers) {
  return std::ranges::all_of(servers, [](const Server& server) { return server.endpoint.has_address(); });
}

}  // namespace acmed::dns
