// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

namespace acmed::dns {
namespace {

Task<Reply> ask_once(Endpoint server, Question question, AskOptions options, Transport transport, bool edns) {
  const auto limit = transport == Transport::udp ? options.patience.udp : options.patience.tcp;
  auto request = make_query(question, {.recursion_desired = options.recursion_desired, .edns = edns});
  co_return co_await exchange_signed(server, std::move(request), transport, limit, {options.key, server.text(), edns});
}

}  // namespace

Task<Reply> ask(Endpoint server, Question question, AskOptions options) {
  bool edns = true;
  auto reply = co_await ask_once(server, question, options, Transport::udp, edns);
  if (dislikes_edns(reply)) {
    edns = false;
    reply = co_await ask_once(server, question, options, Transport::udp, edns);
  }
  const bool silent = reply.outcome == Reply::Outcome::silent || reply.outcome == Reply::Outcome::malformed;
  const bool cut = reply.is_message() && reply.message.truncated;
  if (cut || (silent && options.patience.tcp_after_silence)) {
    const auto rejected = reply.rejected;
    reply = co_await ask_once(server, question, options, Transport::tcp, edns);
    if (!reply.is_message()) reply.rejected = rejected;
  }
  if (reply.rejected) std::rethrow_exception(reply.rejected);
  co_return reply;
}

}  // namespace acmed::dns
