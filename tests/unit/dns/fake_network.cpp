// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dns/fake_network.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace acmed::dns::fake {
namespace {

NetworkError connect_error;
NetworkError send_error;

int type_of(int socket) {
  int type = 0;
  socklen_t size = sizeof type;
  ::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size);
  return type;
}

/// Whether it fails, with errno set.
bool fails(const NetworkError& error, int socket, const sockaddr* address) {
  if (!error) return false;
  const int number = error(address, type_of(socket));
  if (number != 0) errno = number;
  return number != 0;
}

}  // namespace

Network::~Network() {
  connect_error = {};
  send_error = {};
}

void Network::on_connect(NetworkError error) {
  connect_error = std::move(error);
}

void Network::on_send(NetworkError error) {
  send_error = std::move(error);
}

NetworkError everywhere(int error) {
  return [error](const sockaddr*, int) { return error; };
}

NetworkError datagrams_to(int family, int error) {
  return [family, error](const sockaddr* address, int type) {
    return address->sa_family == family && type == SOCK_DGRAM ? error : 0;
  };
}

}  // namespace acmed::dns::fake

extern "C" int connect(int socket, const sockaddr* address, socklen_t size) {
  if (acmed::dns::fake::fails(acmed::dns::fake::connect_error, socket, address)) return -1;
  return static_cast<int>(syscall(SYS_connect, socket, address, size));
}

extern "C" ssize_t send(int socket, const void* octets, size_t size, int flags) {
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  auto* address = reinterpret_cast<sockaddr*>(&peer);
  const bool connected = ::getpeername(socket, address, &peer_size) == 0;
  if (connected && acmed::dns::fake::fails(acmed::dns::fake::send_error, socket, address)) return -1;
  return syscall(SYS_sendto, socket, octets, size, flags, nullptr, 0);
}
