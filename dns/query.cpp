// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

namespace acmed::dns {
namespace {

enum class Transport { udp, tcp };

bool dislikes_edns(const Reply& reply) {
  return reply.is_message() && (reply.message.rcode == Rcode::formerr || reply.message.rcode == Rcode::notimp);
}

/// One request, signed when there is a key. An answer that is to be asked for again in another way is not checked.
Task<Reply> ask_once(Endpoint server, Question question, AskOptions options, Transport transport, bool edns) {
  auto request = make_query(question, {.recursion_desired = options.recursion_desired, .edns = edns});
  const auto here = co_await context();
  std::string mac;
  if (options.key != nullptr) {
    auto message = tsig_sign(std::move(request.wire), *options.key, here.loop->clock().now());
    request.wire = std::move(message.wire);
    mac = std::move(message.mac);
  }
  Reply reply;
  if (transport == Transport::udp) {
    reply = co_await exchange_udp(server, std::move(request), options.patience.udp);
  } else {
    reply = co_await exchange_tcp(server, std::move(request), options.patience.tcp);
  }
  const bool asked_again = reply.message.truncated || (edns && dislikes_edns(reply));
  if (options.key != nullptr && reply.is_message() && !asked_again) {
    tsig_verify(reply.wire, *options.key, mac, here.loop->clock().now(), server.text());
  }
  co_return reply;
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
    reply = co_await ask_once(server, question, options, Transport::tcp, edns);
  }
  co_return reply;
}

}  // namespace acmed::dns
