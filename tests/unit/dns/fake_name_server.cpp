// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/dns/fake_name_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "dns/wire.h"

namespace acmed::dns::fake {
namespace {

Fd listening_socket(const Endpoint& endpoint, int type) {
  Fd socket(::socket(endpoint.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_storage address{};
  const auto size = endpoint.to_sockaddr(address);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    throw std::runtime_error("cannot bind " + endpoint.text());
  }
  if (type == SOCK_STREAM) ::listen(socket.get(), 16);
  return socket;
}

template <auto member, class Object>
EventSource watch(Loop& loop, int fd, Object* object) {
  sd_event_source* source = nullptr;
  const auto on_ready = [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    (static_cast<Object*>(self)->*member)();
    return 0;
  };
  check_event(sd_event_add_io(loop.event(), &source, fd, EPOLLIN, on_ready, object), "sd_event_add_io");
  return EventSource(source);
}

}  // namespace

std::uint16_t port() {
  return static_cast<std::uint16_t>(20'000 + ::getpid() % 12'000);
}

NameServer::NameServer(Loop& loop, const std::string& address)
    : loop_(loop),
      endpoint_(Endpoint::parse(address, port()).value()),
      udp_(listening_socket(endpoint_, SOCK_DGRAM)),
      tcp_(listening_socket(endpoint_, SOCK_STREAM)),
      udp_source_(watch<&NameServer::on_datagram>(loop, udp_.get(), this)),
      tcp_source_(watch<&NameServer::on_connection>(loop, tcp_.get(), this)) {}

void NameServer::say(std::string_view name, Type type, Answer answer) {
  answers_[{Name(name), type}] = std::move(answer);
}

int NameServer::asked(std::string_view name, Type type) const {
  const auto found = asked_.find({Name(name), type});
  return found == asked_.end() ? 0 : found->second;
}

int NameServer::asked_in_all() const {
  int sum = 0;
  for (const auto& [question, count] : asked_) sum += count;
  return sum;
}

std::optional<std::string> NameServer::respond(std::string_view request, Transport transport) {
  const auto message = parse_message(request);
  const auto question = message.question.value_or(Question());
  ++asked_[{question.name, question.type}];
  if (handler_) return handler_(request, transport);
  const auto found = answers_.find({question.name, question.type});
  return reply_to(request,
                  found == answers_.end() ? Answer{.rcode = Rcode::refused, .authoritative = false} : found->second);
}

void NameServer::on_datagram() {
  std::string request(65'535, '\0');
  sockaddr_storage client{};
  socklen_t client_size = sizeof client;
  const auto size =
      ::recvfrom(udp_.get(), request.data(), request.size(), 0, reinterpret_cast<sockaddr*>(&client), &client_size);
  if (size < 0) return;
  request.resize(static_cast<std::size_t>(size));
  if (const auto reply = respond(request, Transport::udp)) {
    ::sendto(udp_.get(), reply->data(), reply->size(), 0, reinterpret_cast<const sockaddr*>(&client), client_size);
  }
}

void NameServer::on_connection() {
  auto& connection = connections_.emplace_back();
  connection.socket = Fd(::accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  struct Context {
    NameServer* server;
    Connection* connection;
  };
  sd_event_source* source = nullptr;
  const auto on_ready = [](sd_event_source*, int, std::uint32_t, void* context) noexcept {
    const auto* at = static_cast<Context*>(context);
    at->server->on_stream(*at->connection);
    return 0;
  };
  auto context = std::make_unique<Context>(Context{this, &connection});
  check_event(sd_event_add_io(loop_.event(), &source, connection.socket.get(), EPOLLIN, on_ready, context.get()),
              "sd_event_add_io");
  sd_event_source_set_destroy_callback(source, [](void* gone) { delete static_cast<Context*>(gone); });
  [[maybe_unused]] const auto* owned_by_source = context.release();
  connection.source.reset(source);
}

void NameServer::on_stream(Connection& connection) {
  std::string part(65'537, '\0');
  const auto size = ::recv(connection.socket.get(), part.data(), part.size(), 0);
  if (size <= 0) {
    connection.source.reset();
    connection.socket.reset();
    return;
  }
  connection.received.append(part, 0, static_cast<std::size_t>(size));
  if (connection.received.size() < 2) return;
  const std::size_t length = WireReader(connection.received).u16();
  if (connection.received.size() < 2 + length) return;
  const auto reply = respond(std::string_view(connection.received).substr(2, length), Transport::tcp);
  connection.received.clear();
  if (!reply) return;
  std::string framed;
  append_u16(framed, static_cast<std::uint16_t>(reply->size()));
  framed += *reply;
  [[maybe_unused]] const auto sent = ::send(connection.socket.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
}

}  // namespace acmed::dns::fake
