// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dns/exchange.h"
#include "dns/tsig.h"

namespace acmed::dns {

enum class Transport { udp, tcp };

/// What a request is signed and its answer checked with.
struct Signing {
  const TsigKey* key = nullptr;  ///< none: neither is done; must outlive the task
  std::string server;            ///< for the sentence of a failure
  bool edns = false;             ///< the request has EDNS, so that FORMERR and NOTIMP are not the last word
};

/// Sends `request`, signed, and waits for its answer, `limit` at most. One that is cut, or dislikes EDNS, is not
/// checked: it is going to be asked for again. Throws what tsig_verify throws. Over UDP, what anyone could have forged
/// is passed over instead (RFC 8945 §5.3), and told in Reply::rejected when nothing better comes.
Task<Reply> exchange_signed(Endpoint server, Request request, Transport transport, Duration limit, Signing signing);

/// The server does not understand EDNS (RFC 6891 §7).
bool dislikes_edns(const Reply& reply);

}  // namespace acmed::dns
