// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/connections.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "dns/responder/answer.h"
#include "dns/wire.h"

namespace acmed::dns::responder {
namespace {

constexpr std::size_t most_connections = 128;
constexpr Duration idle_limit = std::chrono::seconds(10);
constexpr Duration first_query_limit = std::chrono::seconds(2);
constexpr std::size_t length_size = 2;
constexpr std::size_t largest_query = 4096;  // an honest one has a tenth of that
constexpr std::size_t most_unsent = 65'536;  // no further query is answered as long as so much waits to be read
constexpr int most_accepted = 16;            // before the loop goes on
constexpr int most_reads = 16;               // likewise
constexpr Duration pause_without_files = std::chrono::seconds(1);

template <auto member, class Object>
EventSource watch(Loop& loop, int fd, Object* object) {
  sd_event_source* source = nullptr;
  const auto on_event = [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    (static_cast<Object*>(self)->*member)();
    return 0;
  };
  check_event(sd_event_add_io(loop.event(), &source, fd, EPOLLIN, on_event, object), "sd_event_add_io");
  return EventSource(source);
}

/// What a message's length says at the front of `octets`.
std::size_t length_in(std::string_view octets) noexcept {
  return static_cast<std::size_t>(static_cast<std::uint8_t>(octets[0]) << 8) | static_cast<std::uint8_t>(octets[1]);
}

bool is_honest(std::size_t length) noexcept {
  return length >= header_size && length <= largest_query;
}

}  // namespace

struct Connections::Connection {
  Connections& owner;
  Client client;
  Fd socket;
  EventSource source;
  Open::iterator place;
  Moment active;
  std::array<char, length_size + largest_query> received;
  std::size_t received_size = 0;
  std::string unsent;
  std::size_t sent = 0;
  bool has_asked = false;
  bool ended = false;  ///< the client has no more queries

  Connection(Connections& connections, Fd fd, const Client& from)
      : owner(connections), client(from), socket(std::move(fd)) {}

  void on_event() noexcept { owner.on_ready(*this); }
  bool has_unsent() const noexcept { return sent < unsent.size(); }
  /// A whole one, or something that cannot be one.
  bool has_query() const noexcept;
  bool read() noexcept;
  bool send() noexcept;
};

bool Connections::Connection::has_query() const noexcept {
  if (received_size < length_size) return false;
  const auto length = length_in({received.data(), received_size});
  return !is_honest(length) || received_size >= length_size + length;
}

/// False when there is nothing to be read now.
bool Connections::Connection::read() noexcept {
  const auto room = received.size() - received_size;
  const auto size = ::recv(socket.get(), received.data() + received_size, room, MSG_DONTWAIT);
  if (size > 0) {
    received_size += static_cast<std::size_t>(size);
    return true;
  }
  ended = size == 0 || (errno != EAGAIN && errno != EINTR);
  return false;
}

/// False when the connection is broken.
bool Connections::Connection::send() noexcept {
  while (has_unsent()) {
    const auto size = ::send(socket.get(), unsent.data() + sent, unsent.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN;
    sent += static_cast<std::size_t>(size);
  }
  sent = 0;
  unsent.clear();
  if (unsent.capacity() > largest_query) unsent.shrink_to_fit();
  return true;
}

Connections::Connections(Loop& loop, const Zones& zones, Cookies& cookies)
    : loop_(loop), zones_(zones), cookies_(cookies), scratch_(largest_message) {}

Connections::~Connections() = default;

std::unique_ptr<Connections::Listener> Connections::listen(Fd socket) {
  return std::make_unique<Listener>(*this, std::move(socket));
}

Connections::Listener::Listener(Connections& connections, Fd socket)
    : connections_(connections),
      socket_(std::move(socket)),
      source_(watch<&Listener::on_readable>(connections.loop_, socket_.get(), this)) {}

void Connections::Listener::on_readable() noexcept {
  for (int i = 0; i < most_accepted; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* address = reinterpret_cast<sockaddr*>(&from);
    Fd socket(::accept4(socket_.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket) {
      connections_.add(std::move(socket), Client(address));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (connections_.make_room()) continue;
      // The kernel would call again and again. Those who wait are served when files are free.
      sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF);
      auto& loop = connections_.loop_;
      loop.set_timer(pause_, loop.clock().moment() + pause_without_files,
                     [this] { sd_event_source_set_enabled(source_.get(), SD_EVENT_ON); });
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

/// Whether there was one to be closed. Who comes again and again takes its own places, not those of others; what has
/// not been asked anything goes first.
bool Connections::make_room() noexcept {
  std::map<std::string_view, std::size_t> counts;
  for (const auto* some : {&silent_, &open_}) {
    for (const auto& one : *some) ++counts[one->client.host()];
  }
  std::size_t most = 0;
  for (const auto& [host, count] : counts) most = std::max(most, count);
  const auto is_of_greediest = [&](const auto& one) { return counts[one->client.host()] == most; };
  for (auto* some : {&silent_, &open_}) {
    if (const auto found = std::ranges::find_if(*some, is_of_greediest); found != some->end()) {
      close(**found);
      return true;
    }
  }
  return false;
}

void Connections::add(Fd socket, const Client& client) {
  if (count() >= most_connections) make_room();
  auto& connection = *silent_.emplace_back(std::make_unique<Connection>(*this, std::move(socket), client));
  connection.place = std::prev(silent_.end());
  const int yes = 1;  // a second answer must not wait until the client has seen the first
  ::setsockopt(connection.socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  connection.active = loop_.clock().moment();
  try {
    connection.source = watch<&Connection::on_event>(loop_, connection.socket.get(), &connection);
  } catch (const std::system_error&) {
    close(connection);  // the host lets us wait for no more descriptors
  }
  arm_timer();
}

void Connections::on_ready(Connection& connection) noexcept {
  bool sound = connection.send();
  for (int i = 0; i < most_reads && sound && !connection.has_unsent(); ++i) {
    if (!connection.has_query() && !connection.read()) break;
    sound = answer_queries(connection) && connection.send();
  }
  // The end is read only when all that came before it is answered and sent.
  if (!sound || connection.ended) {
    close(connection);
  } else {
    const bool has_work = connection.has_unsent() || connection.has_query();
    sd_event_source_set_io_events(connection.source.get(), has_work ? EPOLLOUT : EPOLLIN);
  }
}

/// Answers the whole queries among what was received. False when the client sends something else than DNS.
bool Connections::answer_queries(Connection& connection) {
  std::string_view rest(connection.received.data(), connection.received_size);
  const Asker asker{connection.client, loop_.clock().now()};
  bool sound = true;
  while (rest.size() >= length_size && connection.unsent.size() < most_unsent) {
    const auto length = length_in(rest);
    sound = is_honest(length);
    if (!sound || rest.size() < length_size + length) break;
    const auto size = answer(zones_, cookies_, rest.substr(length_size, length), asker, scratch_, Carrier::stream);
    sound = size > 0;
    if (!sound) break;
    append_u16(connection.unsent, static_cast<std::uint16_t>(size));
    connection.unsent.append(scratch_.data(), size);
    rest.remove_prefix(length_size + length);
    note_activity(connection);
  }
  std::memmove(connection.received.data(), rest.data(), rest.size());
  connection.received_size = rest.size();
  return sound;
}

void Connections::note_activity(Connection& connection) {
  connection.active = loop_.clock().moment();
  open_.splice(open_.end(), connection.has_asked ? open_ : silent_, connection.place);
  connection.has_asked = true;
}

void Connections::close(Connection& connection) noexcept {
  (connection.has_asked ? open_ : silent_).erase(connection.place);
}

void Connections::close_idle() {
  const auto now = loop_.clock().moment();
  while (!silent_.empty() && silent_.front()->active + first_query_limit <= now) close(*silent_.front());
  while (!open_.empty() && open_.front()->active + idle_limit <= now) close(*open_.front());
  arm_timer();
}

/// The timer may come too early for the first in a list, never too late.
void Connections::arm_timer() {
  std::optional<Moment> next;
  if (!silent_.empty()) next = silent_.front()->active + first_query_limit;
  if (!open_.empty()) next = std::min(next.value_or(Moment::max()), open_.front()->active + idle_limit);
  if (next) {
    loop_.set_timer(timer_, *next, [this] { close_idle(); });
  } else {
    timer_.cancel();
  }
}

}  // namespace acmed::dns::responder
