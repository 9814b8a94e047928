// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "base/crypto/siphash.h"
#include "base/time.h"

namespace acmed::dns::responder {

/// A client's address, as its 4 or 16 octets.
class Client {
 public:
  Client() = default;
  explicit Client(const sockaddr* address) noexcept;

  std::string_view octets() const noexcept { return {octets_.data(), size_}; }
  /// Who is meant by "one client": an IPv4 address or an IPv6 /64.
  std::string_view host() const noexcept { return octets().substr(0, size_ == 4 ? 4 : 8); }

 private:
  std::array<char, 16> octets_{};
  std::size_t size_ = 0;
};

/// DNS cookies (RFC 7873) as all implementations make them (RFC 9018). Who shows a cookie of ours has got an answer at
/// its address before, so the sender of its query is not forged.
class Cookies {
 public:
  /// With a key of this process' own: after a restart all clients get new cookies.
  Cookies();
  /// `key`: of 16 octets.
  explicit Cookies(Secret key);

  static constexpr std::size_t client_size = 8;
  static constexpr std::size_t size = client_size + 16;
  /// Whether COOKIE may have so many octets (RFC 7873 §5.2.2).
  static bool is_length(std::size_t octets) noexcept;

  /// Whether `shown`, a COOKIE of such a length, holds a server cookie that was given to `client` within the last hour.
  bool is_good(std::string_view shown, const Client& client, Time now) noexcept;

  /// The COOKIE of the answer: what was shown, or a new one when that is not good or older than half an hour. Empty
  /// when memory runs short.
  std::string_view answer_to(std::string_view shown, const Client& client, Time now) noexcept;

 private:
  bool seal(std::string_view head, const Client& client, std::span<char, crypto::SipHash::size> out) noexcept;

  crypto::SipHash siphash_;
  std::array<char, size> made_{};
};

}  // namespace acmed::dns::responder
