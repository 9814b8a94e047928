// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dns/exchange.h"
#include "dns/tsig.h"

namespace acmed::dns {

enum class Transport { udp, tcp };

/// How to sign a request and verify its answer.
struct Signing {
  const TsigKey* key = nullptr;  ///< none: neither is done; must outlive the task
  std::string server;            ///< for error messages
  bool edns = false;             ///< the request has EDNS, so FORMERR and NOTIMP are not the final answer
  std::shared_ptr<InFlight::Share> share{};
};

/// Sends `request`, signed, and waits at most `limit` for its answer. An answer that is truncated or rejects EDNS is
/// not verified: the question will be asked again. Throws what tsig_verify throws. Over UDP, answers that anyone could
/// have forged are ignored instead (RFC 8945 §5.3) and reported in Reply::rejected when nothing better comes.
Task<Reply> exchange_signed(Endpoint server, Request request, Transport transport, Duration limit, Signing signing);

/// Whether the server does not understand EDNS (RFC 6891 §7).
bool dislikes_edns(const Reply& reply);

}  // namespace acmed::dns
