// SPDX-License-Identifier: Apache-2.0
#include "dns/query.h"

#include <algorithm>

namespace acmed::dns {
namespace {

/// For a stream where datagrams are forbidden: where a firewall drops both, waiting is in vain.
constexpr Duration stream_instead = std::chrono::milliseconds(500);

Task<Reply> ask_once(Endpoint server, Question question, AskOptions options, Transport transport, bool edns) {
  const auto limit = transport == Transport::udp ? options.patience.udp : options.patience.tcp;
  auto request = make_query(question, {.recursion_desired = options.recursion_desired, .edns = edns});
  co_return co_await exchange_signed(server, std::move(request), transport, limit,
                                     {options.key, server.text(), edns, options.share});
}

/// For people: what came of a question that was asked by both in vain.
std::string both_ways(const Reply& by_datagram, const Reply& by_stream) {
  const auto udp = by_datagram.is_message() ? "an answer cut short" : to_text(by_datagram);
  const auto tcp = by_stream.is_message() ? to_text(by_stream.message.rcode) : to_text(by_stream);
  return udp == tcp ? udp + " by UDP and TCP" : udp + " by UDP, " + tcp + " by TCP";
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
  const bool cut = (reply.is_message() && reply.message.truncated) || reply.outcome == Reply::Outcome::too_large;
  if (cut || (silent && options.patience.tcp_after_silence)) {
    auto by_stream = co_await ask_once(server, question, options, Transport::tcp, edns);
    if (by_stream.is_message()) {
      reply = std::move(by_stream);
    } else {
      const auto ways = both_ways(reply, by_stream);
      const bool is_enough = reply.is_message() && options.accept_cut && options.key == nullptr;
      if (!is_enough) {
        by_stream.rejected = reply.rejected;
        reply = std::move(by_stream);
      }
      reply.ways = ways;
    }
  } else if (reply.may_pass_as_stream() && options.patience.tcp_after_silence && options.patience.tcp_after_refusal) {
    options.patience.tcp = std::min(options.patience.tcp, stream_instead);
    auto by_stream = co_await ask_once(server, question, options, Transport::tcp, edns);
    if (by_stream.is_message()) {
      reply = std::move(by_stream);
    } else {
      reply.ways = both_ways(reply, by_stream);
    }
  }
  if (reply.rejected) std::rethrow_exception(reply.rejected);
  co_return reply;
}

}  // namespace acmed::dns
