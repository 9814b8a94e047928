// SPDX-License-Identifier: Apache-2.0
#include "dns/endpoint.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace acmed::dns {
namespace {

constexpr std::size_t ipv4_octets = 4;
constexpr std::size_t ipv6_octets = 16;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::string parse_address(std::string_view text) {
  const std::string address(text);
  std::array<char, ipv6_octets> octets{};
  if (inet_pton(AF_INET, address.c_str(), octets.data()) == 1) return {octets.data(), ipv4_octets};
  if (inet_pton(AF_INET6, address.c_str(), octets.data()) == 1) return {octets.data(), ipv6_octets};
  return {};
}

/// Reads the interface after the '%' of an IPv6 address: its name, or its index.
std::optional<std::uint32_t> parse_scope(std::string_view text) {
  if (const auto index = if_nametoindex(std::string(text).c_str())) return index;
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size() || index == 0) return std::nullopt;
  return index;
}

/// The IPv4 address that `octets` are, or that they hold as an IPv6 address (RFC 4291 §2.5.5.2); empty for none.
std::string_view mapped_ipv4(std::string_view octets) {
  constexpr std::string_view prefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", ipv6_octets - ipv4_octets);
  if (octets.size() == ipv4_octets) return octets;
  return octets.starts_with(prefix) ? octets.substr(prefix.size()) : std::string_view();
}

std::string scope_text(std::uint32_t scope) {
  if (scope == 0) return {};
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(scope, name.data()) != nullptr ? std::string("%") + name.data() : "%" + std::to_string(scope);
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view text, std::uint16_t default_port) {
  std::string_view address = text;
  std::optional<std::string_view> port_text;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    address = text.substr(1, close - 1);
    if (address.find(':') == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    if (!rest.empty()) port_text = rest.substr(1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos && colon == text.rfind(':')) {
    address = text.substr(0, colon);
    port_text = text.substr(colon + 1);
  }

  std::optional<std::uint16_t> port = default_port;
  if (port_text) port = parse_port(*port_text);
  if (!port) return std::nullopt;
  const auto percent = address.find('%');
  auto endpoint = from_octets(parse_address(address.substr(0, percent)), *port);
  if (!endpoint || percent == std::string_view::npos) return endpoint;
  const auto scope = parse_scope(address.substr(percent + 1));
  if (!scope || endpoint->family() != AF_INET6) return std::nullopt;
  endpoint->scope_ = *scope;
  return endpoint;
}

std::optional<Endpoint> Endpoint::from_octets(std::string_view octets, std::uint16_t port) {
  if (octets.size() != ipv4_octets && octets.size() != ipv6_octets) return std::nullopt;
  Endpoint endpoint;
  endpoint.octets_ = octets;
  endpoint.port_ = port;
  return endpoint;
}

Endpoint Endpoint::from_sockaddr(const sockaddr_storage& address) {
  Endpoint endpoint;
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof ipv6);
    endpoint.octets_.assign(reinterpret_cast<const char*>(&ipv6.sin6_addr), ipv6_octets);
    endpoint.port_ = ntohs(ipv6.sin6_port);
    endpoint.scope_ = ipv6.sin6_scope_id;
    return endpoint;
  }
  sockaddr_in ipv4{};
  std::memcpy(&ipv4, &address, sizeof ipv4);
  endpoint.octets_.assign(reinterpret_cast<const char*>(&ipv4.sin_addr), ipv4_octets);
  endpoint.port_ = ntohs(ipv4.sin_port);
  return endpoint;
}

bool Endpoint::is_wildcard() const noexcept {
  return std::ranges::all_of(octets_, [](char octet) { return octet == '\0'; });
}

bool Endpoint::is_loopback() const noexcept {
  const auto ipv4 = mapped_ipv4(octets_);
  if (ipv4.size() == ipv4_octets) return ipv4.front() == '\x7f';
  return octets_.size() == ipv6_octets && octets_.back() == '\1' &&
         std::all_of(octets_.begin(), octets_.end() - 1, [](char octet) { return octet == '\0'; });
}

bool Endpoint::is_link_local() const noexcept {
  const auto ipv4 = mapped_ipv4(octets_);
  if (ipv4.size() == ipv4_octets) return ipv4.starts_with("\xa9\xfe");
  return octets_.size() == ipv6_octets && octets_[0] == '\xfe' &&
         (static_cast<unsigned char>(octets_[1]) & 0xc0U) == 0x80;
}

bool Endpoint::is_host_address() const noexcept {
  const auto ipv4 = mapped_ipv4(octets_);
  // 0.0.0.0/8 (RFC 1122 §3.2.1.3), 224.0.0.0/4 and what is above it (RFC 1112 §4).
  if (ipv4.size() == ipv4_octets) return ipv4.front() != '\0' && static_cast<unsigned char>(ipv4.front()) < 224;
  return octets_.size() == ipv6_octets && octets_[0] != '\xff' && !is_wildcard();
}

int Endpoint::family() const noexcept {
  return octets_.size() == ipv6_octets ? AF_INET6 : AF_INET;
}

std::string Endpoint::address() const {
  if (octets_.empty()) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family(), octets_.data(), text.data(), text.size());
  return text.data() + scope_text(scope_);
}

std::string Endpoint::text() const {
  if (port_ == dns_port) return address();
  const auto host = family() == AF_INET6 ? "[" + address() + "]" : address();
  return host + ":" + std::to_string(port_);
}

socklen_t Endpoint::to_sockaddr(sockaddr_storage& out) const noexcept {
  std::memset(&out, 0, sizeof out);
  if (family() == AF_INET6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port_);
    address.sin6_scope_id = scope_;
    std::memcpy(&address.sin6_addr, octets_.data(), octets_.size());
    std::memcpy(&out, &address, sizeof address);
    return sizeof address;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  std::memcpy(&address.sin_addr, octets_.data(), octets_.size());
  std::memcpy(&out, &address, sizeof address);
  return sizeof address;
}

}  // namespace acmed::dns
