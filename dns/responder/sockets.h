// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <compare>
#include <string>
#include <vector>

#include "base/fd.h"
#include "dns/endpoint.h"

namespace acmed::dns::responder {

/// Where a socket listens.
struct Listening {
  Endpoint endpoint;
  int type = SOCK_DGRAM;  ///< or SOCK_STREAM

  std::string text() const;  ///< "192.0.2.1 (UDP)"
  friend auto operator<=>(const Listening&, const Listening&) = default;
};

/// A socket that the service manager passed to this process (sd_listen_fds(3)). It stays open for good.
struct InheritedSocket {
  Listening listening;
  int fd = -1;
};
/// Those that are for UDP or TCP over IP.
std::vector<InheritedSocket> inherited_sockets();

/// A socket that listens there, ready for use: one of `inherited` where it matches, otherwise a new one. Throws Retry
/// ("listen:EADDRINUSE" ...) with a sentence without its subject: "cannot listen on ...".
Fd open_socket(const Listening& listening, const std::vector<InheritedSocket>& inherited);

}  // namespace acmed::dns::responder
