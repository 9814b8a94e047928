// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dns/signed_exchange.h"

namespace acmed::dns {

/// How long to wait for one server.
struct Patience {
  Duration udp = std::chrono::seconds(1);
  Duration tcp = std::chrono::seconds(2);
  bool tcp_after_silence = true;  ///< ask by TCP when UDP brings nothing; always done when the answer was cut or the
                                  ///< question does not fit
  bool tcp_after_refusal = true;  ///< likewise when this host or a router rejects UDP, but possibly not TCP
};

struct AskOptions {
  bool recursion_desired = false;
  Patience patience;
  const TsigKey* key = nullptr;  ///< signs the query and verifies the answer; must outlive the task
  bool accept_cut = false;       ///< an answer cut short by UDP is returned where TCP brings none; never with a key
  std::shared_ptr<InFlight::Share> share{};
};

/// Asks one server one question: by UDP with EDNS, without EDNS when the server does not understand it (RFC 6891 §7),
/// by TCP when the answer does not fit (RFC 7766 §5) or when a rule may block UDP only. A reply to a question that was
/// asked in vain by both tells what came of each (Reply::ways). With `key`, throws what
/// tsig_verify throws; for an answer by UDP, which may be forged, only when no other one arrives.
Task<Reply> ask(Endpoint server, Question question, AskOptions options);

}  // namespace acmed::dns
