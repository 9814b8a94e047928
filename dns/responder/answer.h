// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/responder/cookies.h"
#include "dns/responder/zones.h"

namespace acmed::dns::responder {

/// The size of the largest datagram that we send and announce: no common path fragments it (DNS flag day 2020).
constexpr std::uint16_t largest_datagram = 1232;

/// How the answer is sent.
enum class Carrier {
  datagram,
  cut_datagram,  ///< with nothing but the TC flag: ask again by TCP
  stream         ///< TCP, without the length in front
};

/// Who asks, and when.
struct Asker {
  Client client;
  Time now;
};

/// How a server of `zones` alone answers the message `query`, whatever its octets. Writes the answer to `out`, which
/// has room for `largest_datagram` or `dns::largest_message` octets. Returns the answer's size; 0 for no answer.
std::size_t answer(const Zones& zones, Cookies& cookies, std::string_view query, const Asker& asker,
                   std::span<char> out, Carrier carrier) noexcept;

/// Whether the message shows a good cookie: then its sender is not forged.
bool shows_good_cookie(Cookies& cookies, std::string_view query, const Asker& asker) noexcept;

}  // namespace acmed::dns::responder
