// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/shown_value.h"

#include <algorithm>
#include <vector>

#include "base/runtime/scope.h"
#include "dns/query.h"

namespace acmed::issue {
namespace {

constexpr std::size_t most_servers = 26;  // as many as the largest zones have

bool has_value(const dns::Reply& reply, const dns::Name& name, const std::string& value) {
  if (!reply.is_message()) return false;
  return std::ranges::any_of(reply.message.answer, [&](const dns::Record& record) {
    const auto* text = std::get_if<dns::Text>(&record.data);
    return text != nullptr && record.owner == name && text->value == value;
  });
}

/// Whether the DNS has no place at all for the name: no zone, or servers that answer and do not serve it.
bool is_nowhere(const Error& failure) {
  return failure.cause() == "dns:no-zone" || failure.cause() == "dns:lame";
}

}  // namespace

Task<std::optional<std::string>> server_showing(dns::Discovery* discovery, dns::Name name, std::string value) {
  std::optional<dns::Location> location;
  try {
    location = co_await discovery->locate(name);
  } catch (const Error& error) {
    if (!is_nowhere(error)) throw;
  }
  // Where the name has become an alias, no TXT record can stand.
  if (!location || !location->chain.empty()) co_return std::nullopt;
  std::vector<dns::Server> servers;
  for (const auto& server : location->servers) {
    if (server.endpoint.has_address() && servers.size() < most_servers) servers.push_back(server);
  }
  std::vector<Task<dns::Reply>> questions;
  for (const auto& server : servers) {
    questions.push_back(dns::ask(server.endpoint, {name, dns::Type::txt}, dns::AskOptions()));
  }
  const auto replies = co_await when_all(std::move(questions));
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (has_value(replies[i], name, value)) co_return servers[i].text();
  }
  co_return std::nullopt;
}

}  // namespace acmed::issue
