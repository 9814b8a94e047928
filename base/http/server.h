// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/http/peer.h"
#include "base/runtime/event.h"
#include "base/runtime/scope.h"

struct MHD_Daemon;

namespace acmed::http {

struct ServerRequest {
  std::string method;
  std::string path;                                        ///< decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded
  std::map<std::string, std::string> headers;              ///< names in lower case; of several, the first
  std::string body;                                        ///< of at most ServerSettings::most_body
  Peer peer;

  /// The header of that name (lower case); empty when there is none.
  std::string header(const std::string& name) const;
};

/// A body that is made while it is sent: however long it is, there is one piece of it in memory.
class ServerBody {
 public:
  ServerBody() = default;
  ServerBody(const ServerBody&) = delete;
  ServerBody& operator=(const ServerBody&) = delete;
  virtual ~ServerBody() = default;

  /// The next piece; empty when there is none yet, in which case wake() is called later; nothing at the end. An
  /// exception cuts the connection, so that the client sees that something is missing.
  virtual std::optional<std::string> next() = 0;

  /// What is sent from time to time while there is nothing else, which shows whether the client is still there.
  virtual std::string sign_of_life() const { return {}; }

 protected:
  /// There is a next piece, or an end. Not to be called from next().
  void wake() const {
    if (wake_) wake_();
  }

 private:
  friend class Server;
  std::function<void()> wake_;
};

struct ServerResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<const std::string> shared_body;  ///< instead of `body`, for one that several may be reading
  std::unique_ptr<ServerBody> made_body;           ///< instead of these
  bool is_stream = false;                          ///< `made_body` may go on for days
};

/// What a server gives at most. All clients together cost no more than `connections` times some 40 KiB.
struct ServerSettings {
  std::size_t connections = 256;
  /// Of one user by a Unix socket, or one address by TCP. More wait for their turn.
  std::size_t connections_of_peer = 160;
  std::size_t streams = 128;
  std::size_t waiting = 1024;
  std::size_t waiting_of_peer = 512;
  std::size_t most_body = std::size_t{64} * 1024;       ///< of a request
  std::size_t most_headers = std::size_t{16} * 1024;    ///< with the request line
  std::chrono::seconds idle{15};                        ///< without an octet in either direction
  Duration to_request = std::chrono::seconds(20);       ///< to send a whole request
  Duration half_closed = std::chrono::seconds(1);       ///< for a client that sends no more, with a request cut short
  Duration to_take_response = std::chrono::minutes(5);  ///< but for streams
  Duration signs_of_life = std::chrono::seconds(30);
  Duration to_close = std::chrono::seconds(1);
};

/// An HTTP/1.1 server on the loop's thread. Each request is handled by a coroutine. A client that hangs up cancels it.
/// Beyond the bounds of its settings a client gets 413, 431 or 503, or is disconnected.
class Server {
 public:
  /// May throw: Cancelled drops the connection, anything else is answered by 500.
  using Handler = std::function<Task<ServerResponse>(ServerRequest)>;
  /// The response to what the server refuses by itself (413, 503, 500), of this status and for this reason.
  using Refusal = std::function<ServerResponse(int status, std::string_view sentence)>;

  Server(Loop& loop, Handler handler, Refusal refusal, ServerSettings settings = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves those who connect to the listening sockets until cancelled. Then handlers are cancelled, streams end, and
  /// what can still be sent within a moment is. Throws Retry when it cannot start.
  Task<> run(std::vector<Fd> listeners);

  std::size_t connections() const noexcept { return connections_.size(); }
  std::size_t streams() const noexcept { return streams_; }

 private:
  struct Callbacks;
  struct Listener;
  struct Connection;
  struct Exchange;
  struct Sending;
  struct StopDaemon {
    void operator()(MHD_Daemon* daemon) const noexcept;
  };

  void start_listening(std::vector<Fd> listeners);
  void start_daemon();
  void accept_from(Listener& listener) noexcept;
  void take_in(Fd connection);
  void let_in(std::unique_ptr<Connection> connection);
  void let_in_waiting();
  bool has_room(const std::string& peer) const;
  void turn() noexcept;
  void turn_soon() noexcept;
  Task<> answer(Exchange* exchange);
  void end_answer(Exchange& exchange) noexcept;
  void watch_request(Connection& connection) noexcept;
  void watch_hang_up(Connection& connection) noexcept;
  void watch(Connection& connection, std::uint32_t events) noexcept;
  void set_deadline(Connection& connection, Duration limit) noexcept;
  void show_life() noexcept;
  Task<> close();

  Loop& loop_;
  Handler handler_;
  Refusal refusal_;
  ServerSettings settings_;
  Scope* scope_ = nullptr;
  std::list<Listener> listeners_;
  std::map<int, std::unique_ptr<Connection>> connections_;  ///< by descriptor
  std::map<std::string, std::size_t> by_peer_;              ///< how many of connections_
  std::list<std::unique_ptr<Connection>> waiting_;
  std::map<std::string, std::size_t> waiting_by_peer_;
  std::set<Sending*> sending_;
  std::size_t streams_ = 0;
  bool closing_ = false;
  bool is_room_made_ = false;
  bool is_turn_wanted_ = false;
  Loop::Timer turn_timer_;
  Loop::Timer life_timer_;
  EventSource source_;
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon_;
};

}  // namespace acmed::http
