// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace acmed::http {

/// Who is at the other end of a connection.
struct Peer {
  /// The process that connected by a Unix socket, as the kernel saw it then (SO_PEERCRED, SO_PEERGROUPS).
  struct Process {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups;  ///< supplementary
  };
  std::optional<Process> process;  ///< none for TCP
  std::string address;             ///< of a TCP peer, without its port
  std::string local_address;       ///< that it connected to, without the port; empty for a Unix socket
};

/// Of a connection that was accepted. Throws Retry ("socket:peer") when the kernel does not tell who it is.
Peer peer_at(int socket);

/// Who shares the bounds of one peer.
std::string share_of(const Peer& peer);

}  // namespace acmed::http
