// SPDX-License-Identifier: Apache-2.0
#include "dns/exclusion.h"

#include <charconv>

namespace acmed::dns {
namespace {

constexpr std::size_t bits_of_octet = 8;

std::optional<std::size_t> parse_length(std::string_view text, std::size_t longest) {
  std::size_t length = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  if (error != std::errc() || stop != end || length > longest) return std::nullopt;
  return length;
}

unsigned octet(char c) {
  return static_cast<unsigned char>(c);
}

}  // namespace

Exclusion::Exclusion(const Endpoint& address)
    : octets_(address.octets()), bits_(address.octets().size() * bits_of_octet) {}

std::optional<Exclusion> Exclusion::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (const auto address = Endpoint::parse(text.substr(0, slash))) {
    Exclusion network(*address);
    if (slash == std::string_view::npos) return network;
    const auto length = parse_length(text.substr(slash + 1), network.bits_);
    if (!length) return std::nullopt;
    network.bits_ = *length;
    return network;
  }
  auto host = Name::parse(text);
  if (!host || host->is_root()) return std::nullopt;
  Exclusion by_name;
  by_name.host_ = *std::move(host);
  return by_name;
}

bool Exclusion::covers(const Endpoint& endpoint) const noexcept {
  const auto& other = endpoint.octets();
  if (octets_.empty() || other.size() != octets_.size()) return false;
  const auto whole = bits_ / bits_of_octet;
  if (other.compare(0, whole, octets_, 0, whole) != 0) return false;
  const auto rest = bits_ % bits_of_octet;
  if (rest == 0) return true;
  const auto difference = octet(other[whole]) ^ octet(octets_[whole]);
  return difference >> (bits_of_octet - rest) == 0;
}

}  // namespace acmed::dns
