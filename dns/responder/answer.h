// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/responder/zones.h"

namespace acmed::dns::responder {

/// The size of the datagrams that we send at most, and say so: no common path fragments them (DNS flag day 2020).
constexpr std::uint16_t largest_datagram = 1232;

/// How the answer goes out.
enum class Carrier {
  datagram,
  cut_datagram,  ///< with nothing in it but TC: ask again by TCP
  stream         ///< TCP, without the length in front
};

/// What a server of `zones` alone says to the message `query`: whatever octets came. Writes it to `out`, which has room
/// for `largest_datagram` or `dns::largest_message` octets. The answer's size; 0 for silence.
std::size_t answer(const Zones& zones, std::string_view query, std::span<char> out, Carrier carrier) noexcept;

}  // namespace acmed::dns::responder
