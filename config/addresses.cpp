// SPDX-License-Identifier: Apache-2.0
#include "config/addresses.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <optional>

#include "config/names.h"
#include "config/toml.h"

namespace acmed::config {
namespace {

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stop == end && port >= 1 && port <= 65535;
}

/// The host of "HOST", "HOST:PORT", "[V6]" or "[V6]:PORT"; nothing when it is none of them.
std::optional<std::string_view> host_of(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto host = text.substr(1, close - 1);
    const auto rest = text.substr(close + 1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
    if (!rest.empty() && !(rest.front() == ':' && is_port(rest.substr(1)))) return std::nullopt;
    return host;
  }
  const auto colon = text.find(':');
  // More than one colon without brackets can only be an address.
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) return text;
  if (!is_port(text.substr(colon + 1))) return std::nullopt;
  return text.substr(0, colon);
}

/// A mistyped address would do for a host name.
bool is_like_an_address(std::string_view text) {
  return text.find(':') != std::string_view::npos || text.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

bool is_address(std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> octets;
  const std::string terminated(text);
  return inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1 ||
         inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1;
}

Checked<> address(std::string_view text) {
  if (is_address(text)) return {std::string(text), {}};
  return {{}, in_quotes(text) + R"( is no IP address; give one such as "192.0.2.1" or "2001:db8::1", without a port)"};
}

Checked<> network(std::string_view text) {
  const auto slash = text.find('/');
  const auto host = text.substr(0, slash);
  if (slash != std::string_view::npos && is_address(host)) {
    const unsigned longest = host.find(':') == std::string_view::npos ? 32 : 128;
    unsigned length = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, length);
    if (error == std::errc{} && stop == end && length <= longest) return {std::string(text), {}};
  }
  return {{},
          in_quotes(text) + R"( is no network; give one such as "192.0.2.0/24", "192.0.2.1/32" or "2001:db8::/32")"};
}

Checked<> address_network_or_host(std::string_view text) {
  if (is_address(text)) return {std::string(text), {}};
  if (text.find('/') != std::string_view::npos) return network(text);
  auto host = zone_name(text);
  if (host.good() && !is_like_an_address(text)) return host;
  return {{},
          in_quotes(text) + R"( is no name server; give an address ("192.0.2.1", "2001:db8::1"), a network )" +
              R"(("192.0.2.0/24", "::/0") or a host name ("ns2.example.net"), without a port)"};
}

Checked<> address_with_port(std::string_view text) {
  const auto host = host_of(text);
  if (host && is_address(*host)) return {std::string(text), {}};
  return {{},
          in_quotes(text) + R"( is no IP address; give one such as "192.0.2.1", "192.0.2.1:53" or "[2001:db8::1]:53")"};
}

std::string without_port(std::string_view text) {
  return std::string(host_of(text).value_or(text));
}

std::string port_of(std::string_view text) {
  const auto host = host_of(text).value_or(text);
  const auto rest = text.substr(static_cast<std::size_t>(host.data() - text.data()) + host.size());
  const auto colon = rest.find(':');
  return colon == std::string_view::npos ? "53" : std::string(rest.substr(colon + 1));
}

bool is_wildcard_address(std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> octets{};
  const std::string terminated(text);
  const bool good = inet_pton(AF_INET, terminated.c_str(), octets.data()) == 1 ||
                    inet_pton(AF_INET6, terminated.c_str(), octets.data()) == 1;
  return good && octets == decltype(octets){};
}

Checked<> server(std::string_view text) {
  const auto host = host_of(text);
  if (!host) {
    return {{},
            in_quotes(text) + R"( is no server; give a name or address with an optional port: "ns1.example.com", )" +
                R"("192.0.2.1:53", "[2001:db8::1]:53")"};
  }
  if (is_address(*host)) return {std::string(text), {}};
  const auto name = zone_name(*host);
  if (!name.good()) return {{}, name.fault};
  return {name.value + std::string(text.substr(host->size())), {}};
}

}  // namespace acmed::config
