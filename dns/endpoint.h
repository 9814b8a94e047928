// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace acmed::dns {

constexpr std::uint16_t dns_port = 53;

/// An IPv4 or IPv6 address and a port.
class Endpoint {
 public:
  /// Parses "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353", and "fe80::1%eth0" (RFC 4007 §11) if
  /// this host has that interface; nothing for anything else.
  static std::optional<Endpoint> parse(std::string_view text, std::uint16_t default_port = dns_port);
  /// From the 4 or 16 octets of an A or AAAA record.
  static std::optional<Endpoint> from_octets(std::string_view octets, std::uint16_t port = dns_port);
  /// From an AF_INET or AF_INET6 address.
  static Endpoint from_sockaddr(const sockaddr_storage& address);

  int family() const noexcept;
  std::uint16_t port() const noexcept { return port_; }
  bool has_address() const noexcept { return !octets_.empty(); }  ///< false when default-constructed
  bool is_wildcard() const noexcept;                              ///< 0.0.0.0 or ::
  bool is_loopback() const noexcept;                              ///< 127.0.0.0/8 or ::1, also as ::ffff:127.0.0.1
  bool is_link_local() const noexcept;                            ///< 169.254.0.0/16 or fe80::/10
  bool is_host_address() const noexcept;                          ///< of one host: no wildcard, multicast or broadcast
  const std::string& octets() const noexcept { return octets_; }  ///< as in an A or AAAA record
  std::string address() const;                                    ///< without the port
  std::string text() const;                                       ///< with the port unless it is 53
  socklen_t to_sockaddr(sockaddr_storage& out) const noexcept;

  friend std::strong_ordering operator<=>(const Endpoint&, const Endpoint&) = default;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;

 private:
  std::string octets_;
  std::uint16_t port_ = dns_port;
  std::uint32_t scope_ = 0;  ///< index of the interface whose link an IPv6 address refers to; 0 when unspecified
};

}  // namespace acmed::dns
