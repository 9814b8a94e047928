// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/runtime/socket.h"

namespace acmed::deploy_helper {
namespace {

constexpr std::size_t block = std::size_t{16} * 1024;
/// More than is ever sent: what is too much is seen, and closed.
constexpr std::size_t most_descriptors = 8;

[[noreturn]] void fail(const std::string& doing) {
  throw Retry("helper:connection", system_error_sentence(doing + " acmed-deploy", errno));
}

/// Room for descriptors beside a message.
struct alignas(cmsghdr) Ancillary {
  std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> octets{};
};

/// Takes all descriptors out of a message. Those that are not returned are closed.
std::vector<Fd> descriptors_in(msghdr& message) {
  std::vector<Fd> descriptors;
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

}  // namespace

uid_t peer_of(const Fd& connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) fail("see who asks");
  return peer.uid;
}

Task<> send_line(int connection, std::string line, int descriptor) {
  line += '\n';
  std::size_t sent = 0;
  while (sent < line.size()) {
    iovec part{line.data() + sent, line.size() - sent};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    Ancillary ancillary;
    if (sent == 0 && descriptor >= 0) {
      message.msg_control = ancillary.octets.data();
      message.msg_controllen = CMSG_SPACE(sizeof descriptor);
      auto* beside = CMSG_FIRSTHDR(&message);
      beside->cmsg_level = SOL_SOCKET;
      beside->cmsg_type = SCM_RIGHTS;
      beside->cmsg_len = CMSG_LEN(sizeof descriptor);
      std::memcpy(CMSG_DATA(beside), &descriptor, sizeof descriptor);
    }
    const auto count = ::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      co_await writable(connection);
    } else if (errno != EINTR) {
      fail("write to");
    }
  }
}

Task<Received> Lines::next() {
  for (;;) {
    if (const auto end = waiting_.find('\n'); end != std::string::npos) {
      Received received{waiting_.substr(0, end), std::exchange(descriptor_, Fd())};
      waiting_.erase(0, end + 1);
      co_return received;
    }
    if (waiting_.size() > longest_)
      throw Refused("helper:request", fmt::format("a line has more than {} bytes", longest_));
    std::array<char, block> octets;
    iovec part{octets.data(), octets.size()};
    Ancillary ancillary;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = ancillary.octets.data();
    message.msg_controllen = ancillary.octets.size();
    const auto count = ::recvmsg(connection_, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      co_await readable(connection_);
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read from");
    auto descriptors = descriptors_in(message);
    if (descriptors.size() > 1 || (!descriptors.empty() && descriptor_)) {
      throw Refused("helper:request", "several descriptors have come with a line");
    }
    if (!descriptors.empty()) descriptor_ = std::move(descriptors.front());
    if (count == 0) {
      closed_ = true;
      co_return Received{std::exchange(waiting_, {}), std::exchange(descriptor_, Fd())};
    }
    waiting_.append(octets.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace acmed::deploy_helper
