// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "base/runtime/task.h"
#include "dns/endpoint.h"
#include "dns/in_flight.h"
#include "dns/message.h"

namespace acmed::dns {

/// What came back for one request to one server.
struct Reply {
  enum class Outcome {
    message,    ///< an answer, though its rcode may be an error
    silent,     ///< no answer in time
    no_route,   ///< this host has no route to it: nothing was waited for
    too_large,  ///< a datagram of that size cannot be sent there
    closed,     ///< nobody is listening there, or the connection was cut
    malformed,  ///< the octets are not a DNS message
  };
  Outcome outcome = Outcome::silent;
  int error_number = 0;  ///< why there is no route; 0 otherwise
  Message message;
  std::string wire;             ///< the message as received, for TSIG
  std::exception_ptr rejected;  ///< what was wrong with the last answer that was ignored; only without a message
  std::string ways{};           ///< what came by UDP and what by TCP, where ask() tried both in vain; for people

  bool is_message() const noexcept { return outcome == Outcome::message; }

  /// Whether TCP may succeed where a datagram failed: it was too large, or was rejected by a rule that may apply to UDP
  /// only.
  bool may_pass_as_stream() const noexcept;
};

/// For people: "NXDOMAIN", "no answer by UDP and TCP", "not reachable from this host: no route (Network is
/// unreachable)", "connection refused", "garbage".
std::string to_text(const Reply& reply);

/// Whether to accept an answer.
using Acceptance = std::function<bool(const Reply&)>;

/// Sends `request` in one datagram (a query once more if nothing comes) and waits at most `limit` for its answer.
/// Ignores whatever is not from that address and port, does not repeat id and question (RFC 5452 §9), or is not
/// accepted. The time starts once InFlight has admitted the exchange. Throws Retry ("dns:socket") when this host has no
/// socket left.
Task<Reply> exchange_udp(Endpoint server, Request request, Duration limit, Acceptance accepts = {},
                         std::shared_ptr<InFlight::Share> share = {});

/// The same over a TCP connection of its own (RFC 7766).
Task<Reply> exchange_tcp(Endpoint server, Request request, Duration limit, std::shared_ptr<InFlight::Share> share = {});

}  // namespace acmed::dns
