// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/checked.h"

namespace acmed::config {

/// Whether it is an IPv4 or IPv6 address without a port.
bool is_address(std::string_view text);

/// An IP address.
Checked<> address(std::string_view text);

/// A network: "192.0.2.0/24", "2001:db8::/32".
Checked<> network(std::string_view text);

/// An IP address, a network, or a host name: which name servers are meant.
Checked<> address_network_or_host(std::string_view text);

/// An IP address with an optional port: "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53".
Checked<> address_with_port(std::string_view text);

/// Splits an address with an optional port: the address alone, and its port or 53.
std::string without_port(std::string_view text);
std::string port_of(std::string_view text);

/// 0.0.0.0 or ::, in any spelling.
bool is_wildcard_address(std::string_view text);

/// An IP address or a host name, each with an optional port.
Checked<> server(std::string_view text);

}  // namespace acmed::config
