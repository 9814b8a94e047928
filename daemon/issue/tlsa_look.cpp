// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/tlsa_look.h"

#include <algorithm>

#include "base/runtime/scope.h"
#include "dns/query.h"

namespace acmed::issue {
namespace {

using std::chrono::seconds;

constexpr std::size_t most_servers = 26;  // as many as the largest zones have
/// What others have may be absurd.
constexpr seconds longest_ttl = std::chrono::hours(24);

TlsaLook look_from(dns::Server server, const dns::Reply& reply, const dns::Name& name) {
  TlsaLook look;
  look.server = std::move(server);
  look.said = dns::to_text(reply);
  const auto& message = reply.message;
  const bool answers = reply.is_message() && message.authoritative &&
                       (message.rcode == dns::Rcode::noerror || message.rcode == dns::Rcode::nxdomain);
  if (!answers) return look;
  look.values.emplace();
  for (const auto& record : message.answer) {
    const auto* tlsa = std::get_if<dns::Tlsa>(&record.data);
    if (record.type != dns::Type::tlsa || record.owner != name || tlsa == nullptr) continue;
    look.values->insert(tlsa->value);
    look.ttl = std::min(std::max(look.ttl, seconds(record.ttl)), longest_ttl);
  }
  return look;
}

Task<TlsaLook> look_at_one(dns::Name name, dns::Server server) {
  const auto reply = co_await dns::ask(server.endpoint, {name, dns::Type::tlsa}, dns::AskOptions());
  co_return look_from(std::move(server), reply, name);
}

}  // namespace

Task<std::vector<TlsaLook>> look_at_tlsa(dns::Name name, dns::Location location) {
  std::vector<Task<TlsaLook>> looks;
  for (auto& server : location.servers) {
    if (server.endpoint.has_address() && looks.size() < most_servers) {
      looks.push_back(look_at_one(name, std::move(server)));
    }
  }
  co_return co_await when_all(std::move(looks));
}

}  // namespace acmed::issue
