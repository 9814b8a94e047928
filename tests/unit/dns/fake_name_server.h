// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/runtime/loop.h"
#include "dns/endpoint.h"
#include "dns/signed_exchange.h"
#include "tests/unit/dns/fake_wire.h"

namespace acmed::dns::fake {

/// A port of this process' own, for servers on all the 127.0.1.x: NS records have none, so they share it.
std::uint16_t port();

/// A name server on one loopback address, UDP and TCP, on the loop of the code under test. It says what it is told to.
class NameServer {
 public:
  using Transport = dns::Transport;
  /// The message to be sent back; none for silence.
  using Handler = std::function<std::optional<std::string>(std::string_view request, Transport transport)>;

  NameServer(Loop& loop, const std::string& address);
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  Endpoint endpoint() const { return endpoint_; }

  /// What to say to a question; the last word counts. Any other is refused.
  void say(std::string_view name, Type type, Answer answer);
  /// Decides for everything itself.
  void handle(Handler handler) { handler_ = std::move(handler); }

  /// How often that was asked.
  int asked(std::string_view name, Type type) const;
  int asked_in_all() const;

 private:
  struct Connection {
    Fd socket;
    EventSource source;
    std::string received;
  };

  std::optional<std::string> respond(std::string_view request, Transport transport);
  void on_datagram();
  void on_connection();
  void on_stream(Connection& connection);

  Loop& loop_;
  Endpoint endpoint_;
  Fd udp_;
  Fd tcp_;
  EventSource udp_source_;
  EventSource tcp_source_;
  std::list<Connection> connections_;
  std::map<std::pair<Name, Type>, Answer> answers_;
  std::map<std::pair<Name, Type>, int> asked_;
  Handler handler_;
};

}  // namespace acmed::dns::fake
