// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
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
    no_route,   ///< no way leads there from this host: nothing was waited for
    too_large,  ///< a datagram of that size does not get there
    closed,     ///< nobody listens there, or the connection was cut
    malformed,  ///< octets that are no DNS message
  };
  Outcome outcome = Outcome::silent;
  int error_number = 0;  ///< why there is no way; 0 unless it is no_route
  Message message;
  std::string wire;             ///< the message as it came, for TSIG
  std::exception_ptr rejected;  ///< what was wrong with the last answer that was passed over; only without a message

  bool is_message() const noexcept { return outcome == Outcome::message; }

  /// A stream may get there where a datagram does not: it is too large, or a rule forbids it that may be about UDP
  /// alone.
  bool may_pass_as_stream() const noexcept;
};

/// For people: "NXDOMAIN", "no answer", "not reachable from this host: no route", "connection refused", "garbage".
std::string to_text(const Reply& reply);

/// Whether an answer is to be taken.
using Acceptance = std::function<bool(const Reply&)>;

/// Sends `request` in one datagram, a query once again when nothing comes, and waits for its answer, `limit` at most.
/// What is not from that address and port, or does not repeat id and question (RFC 5452 §9), or is not accepted, is
/// passed over. The time runs once there is a place among those InFlight. Throws Retry ("dns:socket") when this host
/// has no socket left.
Task<Reply> exchange_udp(Endpoint server, Request request, Duration limit, Acceptance accepts = {});

/// The same over a TCP connection of its own (RFC 7766).
Task<Reply> exchange_tcp(Endpoint server, Request request, Duration limit);

}  // namespace acmed::dns
