// SPDX-License-Identifier: Apache-2.0
#include "dns/signed_exchange.h"

namespace acmed::dns {
namespace {

/// The server's own word that it does not like the key or the clock is told at once, forged or not: nothing else comes.
bool may_be_forged(const Error& failure) {
  return failure.cause() == "tsig:forged" || failure.cause() == "tsig:unsigned" || failure.cause() == "dns:malformed";
}

}  // namespace

bool dislikes_edns(const Reply& reply) {
  return reply.is_message() && (reply.message.rcode == Rcode::formerr || reply.message.rcode == Rcode::notimp);
}

Task<Reply> exchange_signed(Endpoint server, Request request, Transport transport, Duration limit, Signing signing) {
  std::string mac;
  const auto here = co_await context();
  const auto& clock = here.loop->clock();
  if (signing.key != nullptr) {
    auto message = tsig_sign(std::move(request.wire), *signing.key, clock.now());
    request.wire = std::move(message.wire);
    mac = std::move(message.mac);
  }
  const auto check = [&](const Reply& reply) {
    const bool asked_again = reply.message.truncated || (signing.edns && dislikes_edns(reply));
    if (signing.key == nullptr || !reply.is_message() || asked_again) return;
    tsig_verify(reply.wire, *signing.key, mac, clock.now(), signing.server);
  };
  if (transport == Transport::tcp) {
    auto reply = co_await exchange_tcp(server, std::move(request), limit, signing.share);
    check(reply);
    co_return reply;
  }

  std::exception_ptr rejected;
  const auto accepts = [&](const Reply& reply) {
    try {
      check(reply);
      return true;
    } catch (const Error& failure) {
      if (!may_be_forged(failure)) throw;
      rejected = std::current_exception();
      return false;
    }
  };
  auto reply = co_await exchange_udp(server, std::move(request), limit, accepts, signing.share);
  if (!reply.is_message()) reply.rejected = rejected;
  co_return reply;
}

}  // namespace acmed::dns
