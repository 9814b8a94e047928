// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process, ends it by SIGKILL when the N-th answer arrives from a peer: N in ACMED_TEST_KILL_AT, the
// peer in ACMED_TEST_KILL_PEER as ADDRESS:PORT, or "pipe" for what a program writes. What was asked for has been done
// by then, and the process never learns so.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

namespace {

std::atomic<int> answers{0};

std::string peer_of(int fd) {
  struct stat status {};
  if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) return "pipe";
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.sin_family != AF_INET) return {};
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
  return std::string(text.data()) + ":" + std::to_string(ntohs(address.sin_port));
}

ssize_t counted(int fd, ssize_t size) {
  static const char* const wanted = std::getenv("ACMED_TEST_KILL_AT");
  static const char* const peer = std::getenv("ACMED_TEST_KILL_PEER");
  if (size > 0 && wanted != nullptr && peer != nullptr && peer_of(fd) == peer && ++answers == std::atoi(wanted)) {
    raise(SIGKILL);
  }
  return size;
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t read(int fd, void* to, size_t size) {
  static auto* const call = real<ssize_t(int, void*, size_t)>("read");
  return counted(fd, call(fd, to, size));
}

ssize_t recv(int fd, void* to, size_t size, int flags) {
  static auto* const call = real<ssize_t(int, void*, size_t, int)>("recv");
  return counted(fd, call(fd, to, size, flags));
}

}  // extern "C"
