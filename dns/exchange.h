// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/runtime/task.h"
#include "dns/endpoint.h"
#include "dns/message.h"

namespace acmed::dns {

/// What came back for one request to one server.
struct Reply {
  enum class Outcome {
    message,    ///< an answer; its rcode may still say no
    silent,     ///< none within the time
    no_route,   ///< this host has no way to that address family or network
    closed,     ///< nobody listens there, or the connection was cut
    malformed,  ///< octets that are no DNS message
  };
  Outcome outcome = Outcome::silent;
  Message message;
  std::string wire;  ///< the message as it came, for TSIG

  bool is_message() const noexcept { return outcome == Outcome::message; }
};

/// For people: "NXDOMAIN", "no answer", "no route", "connection refused", "garbage".
std::string to_text(const Reply& reply);

/// Sends `request` in one datagram, a query once again when nothing comes, and waits for its answer, `limit` at most.
/// What is not from that address and port, or does not repeat id and question, is passed over (RFC 5452 §9). The time
/// runs once there is a place among those InFlight.
Task<Reply> exchange_udp(Endpoint server, Request request, Duration limit);

/// The same over a TCP connection of its own (RFC 7766).
Task<Reply> exchange_tcp(Endpoint server, Request request, Duration limit);

}  // namespace acmed::dns
