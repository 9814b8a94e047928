// SPDX-License-Identifier: Apache-2.0
#include "base/http/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>

#include "base/error.h"

namespace acmed::http {
namespace {

/// A Unix socket does not try again by itself: who comes while the queue is full is refused (the kernel allows 4096).
constexpr int backlog = 4096;

[[noreturn]] void fail(int error, const std::string& where, const std::string& why) {
  const char* name = ::strerrorname_np(error);
  throw Retry(fmt::format("listen:{}", name != nullptr ? name : std::to_string(error)),
              fmt::format("cannot listen on {}: {}", where, why.empty() ? ::strerror(error) : why));
}

sockaddr_un address_of(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& text = path.native();
  if (text.empty() || text.size() > longest_socket_path) {
    fail(ENAMETOOLONG, text, fmt::format("the path of a socket has at most {} octets", longest_socket_path));
  }
  text.copy(static_cast<char*>(address.sun_path), text.size());
  return address;
}

Fd stream_socket(int family) {
  return Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// Whether a process takes connections there.
bool is_alive(const sockaddr_un& address) {
  const auto probe = stream_socket(AF_UNIX);
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN ||
         errno == EACCES;
}

void clear_way(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    fail(errno, path.native(), {});
  }
  if (!S_ISSOCK(status.st_mode)) fail(EEXIST, path.native(), "something is there that is no socket; move it away");
  if (is_alive(address)) {
    fail(EADDRINUSE, path.native(), "another process listens there; stop it, or give each a socket of its own");
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(errno, path.native(), {});
}

}  // namespace

Fd listen_at_path(const std::filesystem::path& path, mode_t mode) {
  const auto address = address_of(path);
  // Of two that find the same old socket only one may replace it.
  const Fd folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) fail(errno, path.native(), fmt::format("its folder cannot be opened ({})", ::strerror(errno)));
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) fail(errno, path.native(), "another process is doing the same");
  clear_way(path, address);
  auto listener = stream_socket(AF_UNIX);
  if (!listener) fail(errno, path.native(), {});
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail(errno, path.native(), {});
  }
  if (::chmod(path.c_str(), mode) != 0 || ::listen(listener.get(), backlog) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    fail(error, path.native(), {});
  }
  return listener;
}

void remove_socket(const std::filesystem::path& path, const Fd& listener) noexcept {
  // As long as it listens nobody else has put one there.
  sockaddr_un there{};
  socklen_t size = sizeof there;
  if (!listener || ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&there), &size) != 0) return;
  if (path.native() == static_cast<const char*>(there.sun_path)) ::unlink(path.c_str());
}

Fd listen_at_address(const std::string& address) {
  const auto colon = address.rfind(':');
  auto host = address.substr(0, colon);
  const auto port = colon == std::string::npos ? std::string() : address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) {
    fail(EINVAL, address, "this is no address with a port");
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> holder(found, ::freeaddrinfo);
  auto listener = stream_socket(found->ai_family);
  if (!listener) fail(errno, address, {});
  const int yes = 1;
  // A port whose last connections still linger is free.
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (found->ai_family == AF_INET6) ::setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (::bind(listener.get(), found->ai_addr, found->ai_addrlen) != 0 || ::listen(listener.get(), backlog) != 0) {
    fail(
        errno, address,
        errno == EADDRINUSE
            ? fmt::format("another program listens there (ss -ltnp 'sport = {}' tells which); stop it, or name another "
                          "address",
                          port)
            : std::string());
  }
  return listener;
}

}  // namespace acmed::http
