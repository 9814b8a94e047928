// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "base/fd.h"
#include "base/runtime/loop.h"
#include "dns/responder/cookies.h"
#include "dns/responder/zones.h"

namespace acmed::dns::responder {

/// Answers queries by TCP (RFC 7766): any number on a connection, also before the answers to earlier ones are read. A
/// connection that delivers no complete query within two seconds, none for ten seconds later on, or leaves its answers
/// unread for as long, is closed. When there are too many, one of the host that has most makes room: of its own, the
/// oldest without a query, else the one idle for longest.
class Connections {
 public:
  /// `zones` and `cookies` must outlive it.
  Connections(Loop& loop, const Zones& zones, Cookies& cookies);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Accepts connections from a listening socket until the Listener is destroyed.
  class Listener;
  std::unique_ptr<Listener> listen(Fd socket);

  std::size_t count() const noexcept { return silent_.size() + open_.size(); }

 private:
  struct Connection;
  using Open = std::list<std::unique_ptr<Connection>>;

  bool make_room() noexcept;
  void add(Fd socket, const Client& client);
  void on_ready(Connection& connection) noexcept;
  bool answer_queries(Connection& connection);
  void note_activity(Connection& connection);
  void close(Connection& connection) noexcept;
  void close_idle();
  void arm_timer();

  Loop& loop_;
  const Zones& zones_;
  Cookies& cookies_;
  std::vector<char> scratch_;
  Open silent_;  ///< that have not asked anything yet, the oldest first
  Open open_;    ///< the one idle for longest first
  Loop::Timer timer_;
};

/// One listening socket.
class Connections::Listener {
 public:
  Listener(Connections& connections, Fd socket);

 private:
  void on_readable() noexcept;

  Connections& connections_;
  Fd socket_;
  EventSource source_;
  Loop::Timer pause_;
};

}  // namespace acmed::dns::responder
