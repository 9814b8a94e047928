// SPDX-License-Identifier: Apache-2.0
#include "dns/exchange.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>
#include <variant>

#include "base/fd.h"
#include "base/runtime/scope.h"
#include "base/runtime/socket.h"
#include "dns/wire.h"

namespace acmed::dns {
namespace {

constexpr std::size_t largest_datagram = 4096;  // more than we ever offer by EDNS
constexpr int repeat_after = 4;                 // a query is sent again after that fraction of its time
constexpr int most_strangers = 32;              // datagrams that answer something else before we give up

Reply without_message(Reply::Outcome outcome) {
  Reply reply;
  reply.outcome = outcome;
  return reply;
}

/// This host lacks something for a moment; the network has not been asked.
bool is_pressure(int error_number) {
  switch (error_number) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN:  // of connect(2): no port is left
    case EADDRINUSE:
      return true;
    default:
      return false;
  }
}

/// What a socket's error says of the way to the server. Whatever is not listed came without any wait, from this host
/// (no route, a route that says no, a firewall, a tunnel that is down) or from a router on the way (ICMP): there is no
/// way, which is not silence.
Reply failed(int error_number) {
  if (is_pressure(error_number)) {
    throw Retry("dns:socket", system_error_sentence("open a socket for a DNS query", error_number));
  }
  Reply reply;
  switch (error_number) {
    case ECONNREFUSED:  // the server's host says so itself
    case ECONNRESET:
    case EPIPE:
      reply.outcome = Reply::Outcome::closed;
      break;
    case ETIMEDOUT:  // the kernel has waited in our place
      reply.outcome = Reply::Outcome::silent;
      break;
    case EMSGSIZE:
      reply.outcome = Reply::Outcome::too_large;
      break;
    default:
      reply.outcome = Reply::Outcome::no_route;
      reply.error_number = error_number;
  }
  return reply;
}

/// For people: why nothing gets to the server, and what the kernel said.
std::string obstacle(int error_number) {
  const auto said = std::generic_category().message(error_number);
  switch (error_number) {
    case EPERM:
    case EACCES:
      return "a firewall or a route forbids it (" + said + ")";
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:  // no address of that family to send from
    case EAFNOSUPPORT:
    case EINVAL:  // a route of type blackhole
      return "no route (" + said + ")";
    default:
      return said;
  }
}

/// A datagram's socket is told of "port unreachable" and of little else, unless it asks for what routers say too: that
/// a host or network cannot be reached is then known at once.
void hear_routers(int socket, int family) {
  const int on = 1;
  const bool v6 = family == AF_INET6;
  ::setsockopt(socket, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
}

/// A connected socket: the kernel picks a random port and passes on nothing from another address. Connecting a TCP
/// socket goes on in the background. Holds an errno when it failed.
std::variant<Fd, int> connect_socket(const Endpoint& server, int type) {
  Fd socket(::socket(server.family(), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return errno;
  if (type == SOCK_DGRAM) hear_routers(socket.get(), server.family());
  sockaddr_storage address{};
  const auto size = server.to_sockaddr(address);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
    return errno;
  }
  return socket;
}

/// Nothing when the message is the answer to something else.
std::optional<Reply> judge(std::string wire, const Request& request) {
  const bool id_matches = wire.size() >= 2 && wire.compare(0, 2, request.wire, 0, 2) == 0;
  if (!id_matches) return std::nullopt;
  try {
    auto message = parse_message(wire);
    if (!is_answer_to(message, request)) return std::nullopt;
    return Reply{Reply::Outcome::message, 0, std::move(message), std::move(wire), {}, {}};
  } catch (const MalformedMessage&) {
    return without_message(Reply::Outcome::malformed);
  }
}

/// 0, or an errno.
int send_datagram(int socket, const std::string& wire) {
  return ::send(socket, wire.data(), wire.size(), MSG_NOSIGNAL) < 0 ? errno : 0;
}

Task<Reply> receive_datagram(int socket, Request request, Acceptance accepts) {
  for (int strangers = 0; strangers < most_strangers;) {
    co_await readable(socket);
    std::string datagram(largest_datagram, '\0');
    const auto size = ::recv(socket, datagram.data(), datagram.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size < 0) co_return failed(errno);
    datagram.resize(static_cast<std::size_t>(size));
    auto reply = judge(std::move(datagram), request);
    if (reply && (!accepts || accepts(*reply))) co_return *std::move(reply);
    ++strangers;
  }
  co_return without_message(Reply::Outcome::malformed);
}

/// 0, or an errno.
Task<int> send_all(int socket, std::string octets) {
  for (std::size_t sent = 0; sent < octets.size();) {
    co_await writable(socket);
    const auto size = ::send(socket, octets.data() + sent, octets.size() - sent, MSG_NOSIGNAL);
    if (size < 0 && errno != EAGAIN && errno != EINTR) co_return errno;
    if (size > 0) sent += static_cast<std::size_t>(size);
  }
  co_return 0;
}

/// Fewer than `count` octets when the connection ended before.
Task<std::string> receive_exactly(int socket, std::size_t count) {
  std::string octets(count, '\0');
  std::size_t received = 0;
  while (received < count) {
    co_await readable(socket);
    const auto size = ::recv(socket, octets.data() + received, count - received, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) break;
    received += static_cast<std::size_t>(size);
  }
  octets.resize(received);
  co_return octets;
}

Task<Reply> send_and_receive_framed(int socket, Request request) {
  co_await writable(socket);  // connected, or failed
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) co_return failed(error);

  std::string framed;
  append_u16(framed, static_cast<std::uint16_t>(request.wire.size()));
  framed += request.wire;
  const int send_error = co_await send_all(socket, std::move(framed));
  if (send_error != 0) co_return failed(send_error);

  const auto closed = without_message(Reply::Outcome::closed);
  const auto length = co_await receive_exactly(socket, 2);
  if (length.size() < 2) co_return closed;
  const std::size_t expected = WireReader(length).u16();
  auto wire = co_await receive_exactly(socket, expected);
  if (wire.size() < expected) co_return closed;
  auto reply = judge(std::move(wire), request);
  if (!reply) co_return without_message(Reply::Outcome::malformed);
  co_return *std::move(reply);
}

}  // namespace

bool Reply::may_pass_as_stream() const noexcept {
  return outcome == Outcome::too_large ||
         (outcome == Outcome::no_route && (error_number == EPERM || error_number == EACCES));
}

std::string to_text(const Reply& reply) {
  if (!reply.ways.empty()) return reply.ways;
  switch (reply.outcome) {
    case Reply::Outcome::message:
      return to_text(reply.message.rcode);
    case Reply::Outcome::silent:
      return "no answer";
    case Reply::Outcome::no_route:
      return "not reachable from this host: " + obstacle(reply.error_number);
    case Reply::Outcome::too_large:
      return "too large for a datagram on the way there";
    case Reply::Outcome::closed:
      return "connection refused";
    case Reply::Outcome::malformed:
      return "garbage";
  }
  return {};
}

Task<Reply> exchange_udp(Endpoint server, Request request, Duration limit, Acceptance accepts,
                         std::shared_ptr<InFlight::Share> share) {
  auto place = co_await InFlight::here().enter(server, std::move(share));
  const auto connected = connect_socket(server, SOCK_DGRAM);
  if (const int* error = std::get_if<int>(&connected)) co_return failed(*error);
  const int socket = std::get<Fd>(connected).get();
  // What a full queue of this host does not take is lost, as it may be anywhere on the way: it is repeated.
  int error = send_datagram(socket, request.wire);
  if (error != 0 && !is_pressure(error)) co_return failed(error);

  // A lost query costs a fraction of the time; an UPDATE is left to take its time.
  if (request.opcode == Opcode::query) {
    const auto first = limit / repeat_after;
    auto reply = co_await within(first, receive_datagram(socket, request, accepts));
    if (reply && reply->is_message()) place.answered();
    if (reply) co_return *std::move(reply);
    limit -= first;
    const int again = send_datagram(socket, request.wire);
    if (again != 0 && !is_pressure(again)) co_return failed(again);
    if (again == 0) error = 0;
  }
  auto reply = co_await within(limit, receive_datagram(socket, std::move(request), std::move(accepts)));
  if (reply && reply->is_message()) place.answered();
  if (!reply && error != 0) co_return failed(error);  // nothing was sent that could have been answered
  co_return std::move(reply).value_or(Reply());
}

Task<Reply> exchange_tcp(Endpoint server, Request request, Duration limit, std::shared_ptr<InFlight::Share> share) {
  if (request.wire.size() > largest_message) throw std::length_error("a DNS message of more than 65,535 octets");
  auto place = co_await InFlight::here().enter(server, std::move(share));
  const auto connected = connect_socket(server, SOCK_STREAM);
  if (const int* error = std::get_if<int>(&connected)) co_return failed(*error);
  auto reply = co_await within(limit, send_and_receive_framed(std::get<Fd>(connected).get(), std::move(request)));
  if (reply && reply->is_message()) place.answered();
  co_return std::move(reply).value_or(Reply());
}

}  // namespace acmed::dns
