// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/verify.h"

#include <fmt/format.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/crypto/tls_handshake.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/runtime/offload.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "base/runtime/socket.h"
#include "daemon/deploy/start_tls.h"

namespace acmed::deploy {
namespace {

using namespace std::chrono_literals;
using Wanted = crypto::TlsHandshake::Wanted;

constexpr Duration longest_try = 10s;
constexpr Duration first_pause = 100ms;
constexpr Duration longest_pause = 2s;
constexpr std::size_t most_addresses = 4;
/// What a server may send until its certificate has come.
constexpr std::size_t most_octets = std::size_t{256} * 1024;

struct Address {
  sockaddr_storage address{};
  socklen_t size = 0;
};

std::string text_of(const config::Verify& verify) {
  const bool is_ipv6 = verify.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_ipv6 ? "[" : "", verify.host, is_ipv6 ? "]" : "", verify.port);
}

/// Blocks.
std::vector<Address> addresses_of(const config::Verify& verify) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(verify.host.c_str(), verify.port.c_str(), &hints, &found); error != 0) {
    throw Retry("deploy:verify", fmt::format("{} is not found: {}", verify.host, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const auto* each = found; each != nullptr && addresses.size() < most_addresses; each = each->ai_next) {
    auto& address = addresses.emplace_back();
    address.size = each->ai_addrlen;
    memcpy(&address.address, each->ai_addr, each->ai_addrlen);
  }
  return addresses;
}

struct Connection {
  Fd socket;
  int error = 0;  ///< errno when there is no socket
};

Task<Connection> connected(Address address) {
  Fd socket(::socket(address.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) co_return Connection{Fd(), errno};
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.address), address.size) == 0) {
    co_return Connection{std::move(socket)};
  }
  if (errno != EINPROGRESS) co_return Connection{Fd(), errno};
  co_await writable(socket.get());
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) co_return Connection{Fd(), error};
  co_return Connection{std::move(socket)};
}

Task<Fd> connection_to(config::Verify verify) {
  const auto addresses = co_await offload([verify] { return addresses_of(verify); });
  std::string reason = "no address";
  for (const auto& address : addresses) {
    auto connection = co_await connected(address);
    if (connection.socket) co_return std::move(connection.socket);
    reason = strerror(connection.error);
  }
  throw Retry("deploy:verify", reason);
}

Task<> send_all(int socket, std::string octets) {
  std::string_view rest = octets;
  while (!rest.empty()) {
    const auto sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) throw Retry("deploy:verify", strerror(errno));
    if (!rest.empty()) co_await writable(socket);
  }
}

/// Some octets from the server.
Task<std::string> receive_some(int socket) {
  for (;;) {
    std::array<char, 16384> buffer;
    const auto count = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (count > 0) co_return std::string(buffer.data(), static_cast<std::size_t>(count));
    if (count == 0) throw Retry("deploy:verify", "the server ended the connection");
    if (errno != EAGAIN && errno != EINTR) throw Retry("deploy:verify", strerror(errno));
    co_await readable(socket);
  }
}

/// The certificate that the service presents.
Task<crypto::Certificate> presented(config::Verify verify, Wanted wanted) {
  const auto socket = co_await connection_to(verify);
  StartTlsDialogue dialogue(verify.start_tls);
  if (!dialogue.has_ended()) co_await send_all(socket.get(), dialogue.advance(""));
  while (!dialogue.has_ended()) {
    const auto received = co_await receive_some(socket.get());
    co_await send_all(socket.get(), dialogue.advance(received));
  }
  crypto::TlsHandshake handshake(verify.server_name, wanted);
  handshake.advance("");
  std::size_t received_in_all = 0;
  while (!handshake.has_certificate()) {
    co_await send_all(socket.get(), handshake.take_output());
    const auto received = co_await receive_some(socket.get());
    received_in_all += received.size();
    if (received_in_all > most_octets) throw Retry("deploy:verify", "the server sends no certificate, but much else");
    handshake.advance(received);
  }
  co_return handshake.certificate();
}

}  // namespace

Task<std::string> fault_of_service(config::Verify verify, std::string key_type, crypto::Certificate wanted) {
  std::string fault;
  // A server that has certificates with different kinds of keys for a name presents the one that the client likes best.
  const std::array kinds = {Wanted::any, key_type.starts_with("rsa") ? Wanted::rsa : Wanted::ecdsa};
  for (const auto kind : kinds) {
    std::string seen;
    try {
      const auto certificate = co_await within(longest_try, presented(verify, kind));
      if (certificate == wanted) co_return std::string();
      seen = certificate ? fmt::format("it presents the one with serial {}, which ends at {}", certificate->serial(),
                                       to_rfc3339(certificate->not_after()))
                         : fmt::format("it does not answer within {}", to_text(longest_try));
    } catch (const Error& error) {
      seen = error.what();
    }
    if (fault.empty()) fault = std::move(seen);
  }
  co_return fault;
}

namespace {

Task<> ask_until_presented(std::shared_ptr<const Subject> subject, std::string* fault) {
  const auto wanted = crypto::parse_chain(subject->generation.files.certificate).front();
  Duration pause = first_pause;
  for (;;) {
    *fault = co_await fault_of_service(*subject->target.verify, subject->generation.meta.key_type, wanted);
    if (fault->empty()) co_return;
    co_await sleep_for(pause);
    pause = std::min<Duration>(pause * 3 / 2, longest_pause);
  }
}

}  // namespace

Task<> verify_service(std::shared_ptr<const Subject> subject) {
  const auto limit = subject->target.timeout;
  std::string fault = "it does not answer";
  const bool is_presented = co_await within(limit, ask_until_presented(subject, &fault));
  if (is_presented) co_return;
  throw Retry("deploy:verify",
              fmt::format("{} does not present the new certificate, serial {}, within {}, asked for {}: {}",
                          text_of(*subject->target.verify), subject->generation.meta.serial, to_text(limit),
                          subject->target.verify->server_name, fault));
}

}  // namespace acmed::deploy
