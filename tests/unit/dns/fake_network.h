// SPDX-License-Identifier: Apache-2.0
// A network that refuses on this host already. Takes the place of the C library's connect(2) and send(2) in this
// program.
#pragma once

#include <sys/socket.h>

#include <functional>

namespace acmed::dns::fake {

/// What a system call for a socket of `type` towards `address` fails with; 0 when it does not.
using NetworkError = std::function<int(const sockaddr* address, int type)>;

/// Network errors for as long as it lives.
class Network {
 public:
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  ~Network();

  /// Of connecting a socket. An empty one ends it.
  void on_connect(NetworkError error);
  /// Of sending through a connected one.
  void on_send(NetworkError error);
};

/// For all addresses.
NetworkError everywhere(int error);
/// For datagrams to that family.
NetworkError datagrams_to(int family, int error);

}  // namespace acmed::dns::fake
