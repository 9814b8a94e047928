// SPDX-License-Identifier: Apache-2.0
#include "base/http/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "base/error.h"

namespace acmed::http {
namespace {

constexpr std::size_t most_groups = 1024;

Peer::Process process_at(int socket) {
  Peer::Process process;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    throw Retry("socket:peer", system_error_sentence("tell who has connected to the control socket", errno));
  }
  process.user = credentials.uid;
  process.group = credentials.gid;
  std::vector<gid_t> groups(most_groups);
  size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  // Without them somebody may do less than he might, not more.
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
    groups.resize(size / sizeof(gid_t));
    process.groups = std::move(groups);
  }
  return process;
}

std::string text_of(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

}  // namespace

Peer peer_at(int socket) {
  Peer peer;
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size);
  if (own.ss_family == AF_UNIX) {
    peer.process = process_at(socket);
    return peer;
  }
  sockaddr_storage other{};
  size = sizeof other;
  ::getpeername(socket, reinterpret_cast<sockaddr*>(&other), &size);
  peer.address = text_of(other);
  peer.local_address = text_of(own);
  return peer;
}

std::string share_of(const Peer& peer) {
  return peer.process ? fmt::format("user {}", peer.process->user) : peer.address;
}

}  // namespace acmed::http
