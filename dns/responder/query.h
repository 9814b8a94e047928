// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace acmed::dns::responder {

/// A question as received, parsed without allocating memory.
struct Query {
  std::uint16_t flags = 0;    ///< the third and fourth octet of the header
  std::string_view question;  ///< name, type and class, as received
  std::string_view name;      ///< in lower-case wire form; points into `folded`
  std::uint16_t type = 0;
  std::uint16_t rr_class = 0;

  bool edns = false;
  std::uint16_t udp_size = 0;  ///< the size that the client accepts, as told by EDNS
  std::uint8_t version = 0;    ///< the EDNS version
  bool dnssec_ok = false;
  std::string_view cookie;  ///< COOKIE as received, of a length that Cookies takes; empty for none

  std::array<char, 264> folded;  ///< 255 octets, plus room to process eight at a time
};

enum class Reading {
  silence,  ///< not a query at all: an answer of any kind could start an endless loop
  formerr,
  notimp,
  good
};

/// Reads a message that claims to be a query (RFC 1035 §4.1, RFC 6891). `wire` must outlive `query`.
Reading read_query(std::string_view wire, Query& query) noexcept;

}  // namespace acmed::dns::responder
