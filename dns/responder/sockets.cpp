// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include <algorithm>

#include "base/error.h"

namespace acmed::dns::responder {
namespace {

constexpr int backlog = 128;
constexpr int receive_buffer = 1 << 20;  // questions that wait while we do something else; the kernel may allow less

/// Never fails for the options below; should it, the socket does without.
void set_option(int fd, int level, int option, int value) noexcept {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

std::string how_to_mend(int error, const Listening& listening) {
  const auto port = listening.endpoint.port();
  switch (error) {
    case EADDRINUSE:
      return fmt::format(
          "another program listens there (ss -l{}np 'sport = {}' tells which); stop it, or give each an address of its "
          "own",
          listening.type == SOCK_DGRAM ? 'u' : 't', port);
    case EACCES:
    case EPERM:
      return fmt::format(
          "only who has CAP_NET_BIND_SERVICE may take port {}: add AmbientCapabilities=CAP_NET_BIND_SERVICE and "
          "CapabilityBoundingSet=CAP_NET_BIND_SERVICE by systemctl edit acmed, or let systemd open it by acmed.socket",
          port);
    case EADDRNOTAVAIL:
      return "this host does not have that address (yet)";
    default:
      return ::strerror(error);
  }
}

[[noreturn]] void fail(int error, const Listening& listening) {
  const char* name = ::strerrorname_np(error);
  throw Retry(fmt::format("listen:{}", name != nullptr ? name : std::to_string(error)),
              fmt::format("cannot listen on {}: {}", listening.text(), how_to_mend(error, listening)));
}

Fd bound_socket(const Listening& listening) {
  const auto& endpoint = listening.endpoint;
  Fd fd(::socket(endpoint.family(), listening.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) fail(errno, listening);
  if (endpoint.family() == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  // A TCP port whose last connections still linger is free; a UDP port must never be shared.
  if (listening.type == SOCK_STREAM) set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  sockaddr_storage address{};
  const auto size = endpoint.to_sockaddr(address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) fail(errno, listening);
  if (listening.type == SOCK_STREAM && ::listen(fd.get(), backlog) != 0) fail(errno, listening);
  return fd;
}

/// A second handle, since the first must stay open for the next configuration.
Fd second_handle(const InheritedSocket& inherited) {
  Fd fd(::fcntl(inherited.fd, F_DUPFD_CLOEXEC, 0));
  if (!fd || ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK) != 0) fail(errno, inherited.listening);
  return fd;
}

void prepare_for_datagrams(int fd, const Endpoint& endpoint) noexcept {
  set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
  // A forged "too big" must not make the kernel cut our answers into fragments, which can be forged as well.
  set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  if (endpoint.family() == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
  if (!endpoint.is_wildcard()) return;
  // An answer must come from the address that was asked, which the kernel would not know.
  if (endpoint.family() == AF_INET6) {
    set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
  }
}

}  // namespace

std::string Listening::text() const {
  return fmt::format("{} ({})", endpoint.text(), type == SOCK_DGRAM ? "UDP" : "TCP");
}

std::vector<InheritedSocket> inherited_sockets() {
  std::vector<InheritedSocket> sockets;
  const int count = sd_listen_fds(0);
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
    const bool udp = sd_is_socket_inet(fd, AF_UNSPEC, SOCK_DGRAM, -1, 0) > 0;
    const bool tcp = sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0;
    if (!udp && !tcp) continue;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) continue;
    sockets.push_back({{Endpoint::from_sockaddr(address), udp ? SOCK_DGRAM : SOCK_STREAM}, fd});
  }
  return sockets;
}

Fd open_socket(const Listening& listening, const std::vector<InheritedSocket>& inherited) {
  const auto fitting =
      std::ranges::find_if(inherited, [&](const InheritedSocket& each) { return each.listening == listening; });
  auto fd = fitting != inherited.end() ? second_handle(*fitting) : bound_socket(listening);
  if (listening.type == SOCK_DGRAM) prepare_for_datagrams(fd.get(), listening.endpoint);
  return fd;
}

}  // namespace acmed::dns::responder
