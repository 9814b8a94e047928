// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace acmed::dns::responder {

/// A question as it came, read without taking memory.
struct Query {
  std::uint16_t flags = 0;    ///< the third and fourth octet of the header
  std::string_view question;  ///< name, type and class, as received
  std::string_view name;      ///< in wire form and lower case; in `folded`
  std::uint16_t type = 0;
  std::uint16_t rr_class = 0;

  bool edns = false;
  std::uint16_t udp_size = 0;  ///< what the other side takes, when it says so by EDNS
  std::uint8_t version = 0;    ///< of EDNS
  bool dnssec_ok = false;

  std::array<char, 264> folded;  ///< 255 octets, and room to work on eight at a time
};

enum class Reading {
  silence,  ///< no question at all: whatever was answered could begin an endless talk
  formerr,
  notimp,
  good
};

/// Reads a message that claims to be a query (RFC 1035 §4.1, RFC 6891). `wire` must outlive `query`.
Reading read_query(std::string_view wire, Query& query) noexcept;

}  // namespace acmed::dns::responder
