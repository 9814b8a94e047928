// SPDX-License-Identifier: Apache-2.0
#include "daemon/ask_resolvers.h"

#include "dns/query.h"

namespace acmed {

Task<std::optional<dns::Reply>> ask_resolvers(std::vector<dns::Endpoint> resolvers, dns::Question question) {
  for (const auto& resolver : resolvers) {
    dns::AskOptions options;
    options.recursion_desired = true;
    options.patience.udp = std::chrono::seconds(3);
    auto reply = co_await dns::ask(resolver, question, options);
    const auto rcode = reply.message.rcode;
    if (reply.is_message() && (rcode == dns::Rcode::noerror || rcode == dns::Rcode::nxdomain)) co_return reply;
  }
  co_return std::nullopt;
}

}  // namespace acmed
