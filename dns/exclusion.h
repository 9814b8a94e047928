// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "dns/endpoint.h"
#include "dns/name.h"

namespace acmed::dns {

/// Name servers that are not to be asked: an address, a network, or the host of an NS record.
class Exclusion {
 public:
  /// Parses "192.0.2.1", "2001:db8::/32", "::/0" or "ns2.example.net"; nothing for anything else.
  static std::optional<Exclusion> parse(std::string_view text);
  /// An address; its port is ignored.
  explicit Exclusion(const Endpoint& address);

  bool covers(const Endpoint& endpoint) const noexcept;
  bool covers(const Name& host) const noexcept { return !host_.is_root() && host_ == host; }

  friend std::strong_ordering operator<=>(const Exclusion&, const Exclusion&) = default;
  friend bool operator==(const Exclusion&, const Exclusion&) = default;

 private:
  Exclusion() = default;

  std::string octets_;    ///< of the network; empty for a host
  std::size_t bits_ = 0;  ///< how many of them count
  Name host_;
};

}  // namespace acmed::dns
