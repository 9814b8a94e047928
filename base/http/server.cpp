// SPDX-License-Identifier: Apache-2.0
#include "base/http/server.h"

#include <errno.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "base/ascii.h"
#include "base/error.h"
#include "base/foreign_text.h"
#include "base/log.h"
#include "base/runtime/sleep.h"

namespace acmed::http {
namespace {

constexpr int most_accepted_a_turn = 64;
constexpr std::size_t block = std::size_t{16} * 1024;  // of a body that is made while it is sent
/// So much of a body that is too long is read, so that the client hears the refusal; then the connection ends.
constexpr std::size_t most_discarded = std::size_t{4} * 1024 * 1024;
constexpr Duration pause_without_files = std::chrono::seconds(1);
constexpr Duration between_looks = std::chrono::milliseconds(10);
constexpr std::size_t longest_complaint = 200;

/// libmicrohttpd's own limit on connections is not used: ours is a limit of each peer, too.
constexpr unsigned no_limit = 65536;

/// What libmicrohttpd reports is about clients: nothing that an operator must mend.
void complain(void*, const char* format, va_list arguments) noexcept {
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  try {
    log::debug("HTTP server: " + one_line(text.data(), longest_complaint));
  } catch (...) {
    // Then without this line.
  }
}

}  // namespace

std::string ServerRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

struct Server::Listener {
  Server* server = nullptr;
  Fd fd;
  EventSource source;
  Loop::Timer pause;
};

struct Server::Connection {
  Fd fd;  ///< until libmicrohttpd has it
  int number = -1;
  Peer peer;
  std::string share;
  Server* server = nullptr;
  Exchange* exchange = nullptr;  ///< the request in hand
  Sending* sending = nullptr;    ///< a body that is being made
  Loop::Timer deadline;
  EventSource hang_up;
};

/// One request and its response.
struct Server::Exchange {
  enum class Step { reading, answering, answered, sent };
  Step step = Step::reading;
  Connection* connection = nullptr;
  MHD_Connection* at = nullptr;
  ServerRequest request;
  ServerResponse response;
  std::size_t received = 0;
  std::stop_source stop;
  bool is_cut = false;  ///< there is no response
};

/// A body that is being made, as long as libmicrohttpd wants it.
struct Server::Sending {
  Server* server = nullptr;
  Connection* connection = nullptr;
  MHD_Connection* at = nullptr;
  std::unique_ptr<ServerBody> body;
  std::string piece;
  std::size_t sent = 0;  ///< of `piece`
  bool is_stream = false;
  bool is_suspended = false;
  bool is_ended = false;

  void go_on() noexcept {
    if (!is_suspended) return;
    is_suspended = false;
    server->watch_request(*connection);
    MHD_resume_connection(at);
    server->turn_soon();
  }
};

/// What libmicrohttpd calls. No exception leaves these.
struct Server::Callbacks {
  static void on_connection(void* self, MHD_Connection* at, void** context,
                            MHD_ConnectionNotificationCode code) noexcept {
    auto& server = *static_cast<Server*>(self);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
      const auto* info = MHD_get_connection_info(at, MHD_CONNECTION_INFO_CONNECTION_FD);
      const auto found = info == nullptr ? server.connections_.end() : server.connections_.find(info->connect_fd);
      *context = found == server.connections_.end() ? nullptr : found->second.get();
      return;
    }
    auto* connection = static_cast<Connection*>(*context);
    *context = nullptr;
    if (connection == nullptr) return;
    if (const auto count = server.by_peer_.find(connection->share); --count->second == 0) server.by_peer_.erase(count);
    server.connections_.erase(connection->number);
    server.is_room_made_ = true;
    server.turn_soon();
  }

  static MHD_Result on_request(void* self, MHD_Connection* at, const char* url, const char* method, const char*,
                               const char* upload, std::size_t* upload_size, void** state) noexcept {
    auto& server = *static_cast<Server*>(self);
    try {
      if (*state == nullptr) return begin(server, at, url, method, state);
      return go_on(server, *static_cast<Exchange*>(*state), upload, upload_size);
    } catch (...) {
      return MHD_NO;
    }
  }

  static void on_completed(void* self, MHD_Connection*, void** state, MHD_RequestTerminationCode) noexcept {
    auto& server = *static_cast<Server*>(self);
    const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(*state));
    *state = nullptr;
    if (!exchange) return;
    exchange->connection->exchange = nullptr;
    server.set_deadline(*exchange->connection, server.settings_.to_request + server.settings_.idle);
  }

  static MHD_Result begin(Server& server, MHD_Connection* at, const char* url, const char* method, void** state) {
    const auto* info = MHD_get_connection_info(at, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    auto* connection = info == nullptr ? nullptr : static_cast<Connection*>(info->socket_context);
    if (connection == nullptr) return MHD_NO;
    auto exchange = std::make_unique<Exchange>();
    exchange->connection = connection;
    exchange->at = at;
    auto& request = exchange->request;
    request.method = method;
    request.path = url;
    request.peer = connection->peer;
    MHD_get_connection_values(at, MHD_HEADER_KIND, on_header, &request.headers);
    MHD_get_connection_values(at, MHD_GET_ARGUMENT_KIND, on_argument, &request.query);
    connection->exchange = exchange.get();
    *state = exchange.release();
    const auto length = request.header("content-length");
    if (!length.empty() && !request.header("transfer-encoding").empty()) {
      return refuse(server, at, 400, "a request has either a length or chunks");
    }
    // What this is larger than needs no reading: libmicrohttpd closes the connection after an early response.
    if (length.size() > 9 || std::strtoul(length.c_str(), nullptr, 10) > server.settings_.most_body) {
      return refuse(server, at, 413, too_large(server));
    }
    return MHD_YES;
  }

  static MHD_Result go_on(Server& server, Exchange& exchange, const char* upload, std::size_t* upload_size) {
    if (*upload_size > 0) {
      exchange.received += *upload_size;
      if (exchange.received > most_discarded) return MHD_NO;
      if (exchange.received <= server.settings_.most_body) exchange.request.body.append(upload, *upload_size);
      *upload_size = 0;
      return MHD_YES;
    }
    if (exchange.step == Exchange::Step::answered) {
      exchange.step = Exchange::Step::sent;
      if (exchange.is_cut) return MHD_NO;
      return queue(server, exchange.at, std::move(exchange.response));
    }
    if (exchange.step != Exchange::Step::reading) return MHD_NO;
    if (exchange.received > server.settings_.most_body) return refuse(server, exchange.at, 413, too_large(server));
    if (server.closing_) return MHD_NO;
    exchange.step = Exchange::Step::answering;
    exchange.connection->deadline.cancel();
    MHD_suspend_connection(exchange.at);
    server.watch_hang_up(*exchange.connection);
    server.scope_->spawn(server.answer(&exchange));
    return MHD_YES;
  }

  static std::string too_large(const Server& server) {
    return fmt::format("the body of a request has at most {} octets", server.settings_.most_body);
  }

  /// Ends the connection as well: the rest of the request is not read.
  static MHD_Result refuse(Server& server, MHD_Connection* at, int status, std::string_view sentence) {
    auto response = server.refusal_(status, sentence);
    response.headers.emplace_back("Connection", "close");
    return queue(server, at, std::move(response));
  }

  static MHD_Result queue(Server& server, MHD_Connection* at, ServerResponse response) {
    const auto* info = MHD_get_connection_info(at, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    auto* connection = static_cast<Connection*>(info->socket_context);
    if (response.is_stream && server.streams_ >= server.settings_.streams) {
      response = server.refusal_(503, "too many streams of events are open: end one, or ask again later");
      response.headers.emplace_back("Retry-After", "10");
    }
    MHD_Response* made = nullptr;
    if (response.made_body) {
      auto sending = std::make_unique<Sending>();
      sending->server = &server;
      sending->connection = connection;
      sending->at = at;
      sending->is_stream = response.is_stream;
      sending->body = std::move(response.made_body);
      sending->body->wake_ = [raw = sending.get()] { raw->go_on(); };
      made = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, on_read, sending.get(), on_sent);
      if (made == nullptr) return MHD_NO;
      auto* owned = sending.release();  // by the response: on_sent() frees it
      connection->sending = owned;
      server.sending_.insert(owned);
      if (owned->is_stream && server.streams_++ == 0) server.show_life();
    } else if (response.shared_body) {
      auto held = std::make_unique<std::shared_ptr<const std::string>>(std::move(response.shared_body));
      // It only reads; some versions ask for what is not const.
      auto* text = const_cast<char*>((*held)->data());
      made = MHD_create_response_from_buffer_with_free_callback_cls((*held)->size(), text, on_shared_sent, held.get());
      if (made == nullptr) return MHD_NO;
      static_cast<void>(held.release());  // by the response: on_shared_sent() frees it
    } else {
      made = MHD_create_response_from_buffer(response.body.size(), response.body.data(), MHD_RESPMEM_MUST_COPY);
      if (made == nullptr) return MHD_NO;
    }
    for (const auto& [name, value] : response.headers) MHD_add_response_header(made, name.c_str(), value.c_str());
    if (response.is_stream) {
      connection->deadline.cancel();
    } else {
      server.set_deadline(*connection, server.settings_.to_take_response);
    }
    const auto result = MHD_queue_response(at, static_cast<unsigned>(response.status), made);
    MHD_destroy_response(made);
    return result;
  }

  static ssize_t on_read(void* self, std::uint64_t, char* to, std::size_t most) noexcept {
    auto& sending = *static_cast<Sending*>(self);
    try {
      if (sending.sent == sending.piece.size()) {
        // At the end nothing may wait for more.
        if (sending.is_ended || sending.server->closing_) return MHD_CONTENT_READER_END_OF_STREAM;
        auto piece = sending.body->next();
        if (!piece) return MHD_CONTENT_READER_END_OF_STREAM;
        sending.piece = *std::move(piece);
        sending.sent = 0;
        if (sending.piece.empty()) {
          sending.is_suspended = true;
          MHD_suspend_connection(sending.at);
          sending.server->watch_hang_up(*sending.connection);
          return 0;
        }
      }
      const auto count = std::min(most, sending.piece.size() - sending.sent);
      sending.piece.copy(to, count, sending.sent);
      sending.sent += count;
      return static_cast<ssize_t>(count);
    } catch (...) {
      return MHD_CONTENT_READER_END_WITH_ERROR;
    }
  }

  static void on_sent(void* self) noexcept {
    const std::unique_ptr<Sending> sending(static_cast<Sending*>(self));
    auto& server = *sending->server;
    server.sending_.erase(sending.get());
    // The connection may have gone before its response.
    for (const auto& [number, connection] : server.connections_) {
      if (connection->sending == sending.get()) connection->sending = nullptr;
    }
    if (sending->is_stream && --server.streams_ == 0) server.life_timer_.cancel();
  }

  static void on_shared_sent(void* held) noexcept { delete static_cast<std::shared_ptr<const std::string>*>(held); }

  static MHD_Result on_header(void* headers, MHD_ValueKind, const char* name, const char* value) noexcept {
    try {
      static_cast<std::map<std::string, std::string>*>(headers)->emplace(ascii_lower(name),
                                                                         value == nullptr ? "" : value);
      return MHD_YES;
    } catch (...) {
      return MHD_NO;
    }
  }

  static MHD_Result on_argument(void* query, MHD_ValueKind, const char* name, const char* value) noexcept {
    try {
      static_cast<std::vector<std::pair<std::string, std::string>>*>(query)->emplace_back(
          name, value == nullptr ? "" : value);
      return MHD_YES;
    } catch (...) {
      return MHD_NO;
    }
  }
};

void Server::StopDaemon::operator()(MHD_Daemon* daemon) const noexcept {
  MHD_stop_daemon(daemon);
}

Server::Server(Loop& loop, Handler handler, Refusal refusal, ServerSettings settings)
    : loop_(loop), handler_(std::move(handler)), refusal_(std::move(refusal)), settings_(settings) {}

Server::~Server() = default;

Task<> Server::run(std::vector<Fd> listeners) {
  const auto here = co_await context();
  start_daemon();
  Scope scope(here);
  scope_ = &scope;
  start_listening(std::move(listeners));
  bool is_cancelled = false;
  Waiters end;
  try {
    co_await end.turn();  // nobody wakes it: it is cancelled
  } catch (const Cancelled&) {
    is_cancelled = true;
  }
  listeners_.clear();
  waiting_.clear();
  waiting_by_peer_.clear();
  scope.stop();
  co_await close().under(std::stop_token());
  try {
    co_await scope.join();
  } catch (const Cancelled&) {
    is_cancelled = true;
  }
  source_.reset();
  turn_timer_.cancel();
  life_timer_.cancel();
  daemon_.reset();
  scope_ = nullptr;
  if (is_cancelled) throw Cancelled();
}

void Server::start_daemon() {
  closing_ = false;
  daemon_.reset(MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET, 0, nullptr, nullptr,
      Callbacks::on_request, this, MHD_OPTION_EXTERNAL_LOGGER, complain, nullptr, MHD_OPTION_CONNECTION_LIMIT, no_limit,
      MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(settings_.idle.count()), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
      settings_.most_headers, MHD_OPTION_NOTIFY_COMPLETED, Callbacks::on_completed, this, MHD_OPTION_NOTIFY_CONNECTION,
      Callbacks::on_connection, this, MHD_OPTION_END));
  const auto* info = daemon_ ? MHD_get_daemon_info(daemon_.get(), MHD_DAEMON_INFO_EPOLL_FD) : nullptr;
  if (info == nullptr) throw Retry("http:server", "the HTTP server cannot start: libmicrohttpd refuses");
  sd_event_source* source = nullptr;
  const auto on_ready = [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    static_cast<Server*>(self)->turn();
    return 0;
  };
  check_event(sd_event_add_io(loop_.event(), &source, info->epoll_fd, EPOLLIN, on_ready, this), "sd_event_add_io");
  source_.reset(source);
}

void Server::start_listening(std::vector<Fd> listeners) {
  const auto on_ready = [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    auto& listener = *static_cast<Listener*>(self);
    listener.server->accept_from(listener);
    return 0;
  };
  for (auto& fd : listeners) {
    auto& listener = listeners_.emplace_back();
    listener.server = this;
    listener.fd = std::move(fd);
    sd_event_source* source = nullptr;
    check_event(sd_event_add_io(loop_.event(), &source, listener.fd.get(), EPOLLIN, on_ready, &listener),
                "sd_event_add_io");
    listener.source.reset(source);
  }
}

void Server::accept_from(Listener& listener) noexcept {
  for (int i = 0; i < most_accepted_a_turn; ++i) {
    Fd connection(::accept4(listener.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // Who waits there is served later; looking again at once would keep the loop busy.
        sd_event_source_set_enabled(listener.source.get(), SD_EVENT_OFF);
        loop_.set_timer(listener.pause, loop_.clock().moment() + pause_without_files,
                        [&listener] { sd_event_source_set_enabled(listener.source.get(), SD_EVENT_ON); });
      }
      return;
    }
    try {
      take_in(std::move(connection));
    } catch (...) {
      // This client is disconnected.
    }
  }
}

/// libmicrohttpd would accept by itself, but knows no limit for each user of a Unix socket.
void Server::take_in(Fd fd) {
  auto connection = std::make_unique<Connection>();
  connection->number = fd.get();
  connection->peer = peer_at(fd.get());
  connection->share = share_of(connection->peer);
  connection->server = this;
  connection->fd = std::move(fd);
  if (has_room(connection->share)) return let_in(std::move(connection));
  auto& waiting = waiting_by_peer_[connection->share];
  if (waiting_.size() >= settings_.waiting || waiting >= settings_.waiting_of_peer) return;
  ++waiting;
  waiting_.push_back(std::move(connection));
}

bool Server::has_room(const std::string& peer) const {
  const auto own = by_peer_.find(peer);
  return connections_.size() < settings_.connections &&
         (own == by_peer_.end() || own->second < settings_.connections_of_peer);
}

void Server::let_in(std::unique_ptr<Connection> connection) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getpeername(connection->number, reinterpret_cast<sockaddr*>(&address), &size);
  const auto number = connection->number;
  const auto share = connection->share;
  set_deadline(*connection, settings_.to_request);
  watch_request(*connection);
  auto fd = std::move(connection->fd);
  connections_[number] = std::move(connection);
  ++by_peer_[share];
  // Whatever it returns, the descriptor is libmicrohttpd's.
  const auto added = MHD_add_connection(daemon_.get(), fd.release(), reinterpret_cast<const sockaddr*>(&address), size);
  if (added != MHD_YES && connections_.erase(number) > 0) {
    if (const auto count = by_peer_.find(share); --count->second == 0) by_peer_.erase(count);
  }
  turn_soon();
}

void Server::let_in_waiting() {
  for (auto next = waiting_.begin(); next != waiting_.end() && connections_.size() < settings_.connections;) {
    if (!has_room((*next)->share)) {
      ++next;
      continue;
    }
    auto connection = std::move(*next);
    next = waiting_.erase(next);
    if (const auto count = waiting_by_peer_.find(connection->share); --count->second == 0)
      waiting_by_peer_.erase(count);
    let_in(std::move(connection));
  }
}

void Server::turn() noexcept {
  if (!daemon_) return;
  is_turn_wanted_ = false;
  turn_timer_.cancel();
  MHD_run(daemon_.get());
  if (std::exchange(is_room_made_, false) && !closing_) {
    try {
      let_in_waiting();
    } catch (...) {
      // They wait for the next who ends.
    }
  }
  if (is_turn_wanted_) return turn_soon();
  MHD_UNSIGNED_LONG_LONG milliseconds = 0;
  if (MHD_get_timeout(daemon_.get(), &milliseconds) != MHD_YES) return;
  loop_.set_timer(turn_timer_, loop_.clock().moment() + std::chrono::milliseconds(milliseconds), [this] { turn(); });
}

/// Never at once: whoever wants it may be called by libmicrohttpd.
void Server::turn_soon() noexcept {
  is_turn_wanted_ = true;
  loop_.set_timer(turn_timer_, loop_.clock().moment(), [this] { turn(); });
}

Task<> Server::answer(Exchange* exchange) {
  const auto here = co_await context();
  const auto forward = [exchange]() noexcept { exchange->stop.request_stop(); };
  const std::stop_callback on_stop(here.stop, forward);
  std::string fault;
  try {
    exchange->response = co_await handler_(std::move(exchange->request)).under(exchange->stop.get_token());
  } catch (const Cancelled&) {
    exchange->is_cut = true;
  } catch (const std::exception& error) {
    fault = error.what();
  }
  if (!fault.empty()) {
    log::error("a request to the control API failed: " + fault);
    exchange->response = refusal_(500, fault);
  }
  end_answer(*exchange);
}

void Server::end_answer(Exchange& exchange) noexcept {
  exchange.step = Exchange::Step::answered;
  watch_request(*exchange.connection);
  MHD_resume_connection(exchange.at);
  turn_soon();
}

/// Who sends no more never sends the rest of a request. libmicrohttpd does not see it where the end came together with
/// the last octets.
void Server::watch_request(Connection& connection) noexcept {
  watch(connection, EPOLLRDHUP);
}

/// libmicrohttpd does not look at a connection that is suspended.
void Server::watch_hang_up(Connection& connection) noexcept {
  // Who closes his half of a Unix socket may still read; over TCP the two cannot be told apart.
  watch(connection, connection.peer.process ? 0U : EPOLLRDHUP);
}

void Server::watch(Connection& connection, std::uint32_t events) noexcept {
  const auto on_gone = [](sd_event_source* source, int, std::uint32_t, void* self) noexcept {
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    auto& gone = *static_cast<Connection*>(self);
    if (gone.sending != nullptr) {
      if (!gone.sending->is_suspended) return 0;
      gone.sending->is_ended = true;
      gone.sending->go_on();
    } else if (gone.exchange == nullptr || gone.exchange->step == Exchange::Step::reading) {
      gone.server->set_deadline(gone, gone.server->settings_.half_closed);
    } else if (gone.exchange->step == Exchange::Step::answering) {
      gone.exchange->stop.request_stop();
    }
    return 0;
  };
  connection.hang_up.reset();
  sd_event_source* source = nullptr;
  if (sd_event_add_io(loop_.event(), &source, connection.number, events, on_gone, &connection) < 0) return;
  connection.hang_up.reset(source);
}

void Server::set_deadline(Connection& connection, Duration limit) noexcept {
  // It is not ours to close; without its reader libmicrohttpd ends it.
  loop_.set_timer(connection.deadline, loop_.clock().moment() + limit,
                  [number = connection.number] { ::shutdown(number, SHUT_RDWR); });
}

void Server::show_life() noexcept {
  loop_.set_timer(life_timer_, loop_.clock().moment() + settings_.signs_of_life, [this] {
    for (auto* sending : sending_) {
      if (!sending->is_suspended) continue;
      sending->piece = sending->body->sign_of_life();
      sending->sent = 0;
      if (!sending->piece.empty()) sending->go_on();
    }
    show_life();
  });
}

/// A connection that is suspended when libmicrohttpd ends would end us.
Task<> Server::close() {
  closing_ = true;
  for (auto* sending : sending_) {
    sending->is_ended = true;
    sending->go_on();
  }
  const auto is_answering = [this] {
    return std::ranges::any_of(connections_, [](const auto& entry) {
      const auto* exchange = entry.second->exchange;
      return exchange != nullptr && exchange->step == Exchange::Step::answering;
    });
  };
  const auto end = loop_.clock().moment() + settings_.to_close;
  const auto is_busy = [this] {
    return std::ranges::any_of(connections_, [](const auto& entry) {
      return entry.second->exchange != nullptr || entry.second->sending != nullptr;
    });
  };
  while (is_answering() || (is_busy() && loop_.clock().moment() < end)) co_await sleep_for(between_looks);
  turn();
}

}  // namespace acmed::http
