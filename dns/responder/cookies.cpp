// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/cookies.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/crypto/digest.h"

namespace acmed::dns::responder {
namespace {

// A server cookie (RFC 9018 §4): version, three reserved octets, time in seconds, hash.
constexpr char version = 1;
constexpr std::size_t time_place = Cookies::client_size + 4;
constexpr std::size_t hash_place = time_place + 4;
constexpr std::size_t shortest_server_cookie = 8;
constexpr std::size_t longest_server_cookie = 32;

// RFC 9018 §4.3.
constexpr std::int32_t longest_life = 3600;
constexpr std::int32_t life_before_renewal = 1800;
constexpr std::int32_t most_ahead = 300;

std::uint32_t seconds_of(Time time) noexcept {
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

std::uint32_t u32_at(std::string_view octets, std::size_t place) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(octets[place + i]);
  return value;
}

/// Right also when the 32 bits wrap around (RFC 1982).
std::int32_t age_of(std::string_view cookie, Time now) noexcept {
  return static_cast<std::int32_t>(seconds_of(now) - u32_at(cookie, time_place));
}

}  // namespace

Client::Client(const sockaddr* address) noexcept {
  if (address->sa_family == AF_INET) {
    size_ = 4;
    std::memcpy(octets_.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, size_);
    return;
  }
  const auto& ipv6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  // What a socket for both families tells of IPv4.
  const std::size_t begin = IN6_IS_ADDR_V4MAPPED(&ipv6) ? 12 : 0;
  size_ = sizeof ipv6 - begin;
  std::memcpy(octets_.data(), ipv6.s6_addr + begin, size_);
}

Cookies::Cookies() : Cookies(Secret(crypto::random_bytes(crypto::SipHash::key_size))) {}

Cookies::Cookies(Secret key) : siphash_(std::move(key)) {}

bool Cookies::is_length(std::size_t octets) noexcept {
  return octets == client_size ||
         (octets >= client_size + shortest_server_cookie && octets <= client_size + longest_server_cookie);
}

/// `head`: all that comes before the hash.
bool Cookies::seal(std::string_view head, const Client& client, std::span<char, crypto::SipHash::size> out) noexcept {
  std::array<char, hash_place + sizeof(in6_addr)> text;
  std::copy(head.begin(), head.end(), text.begin());
  const auto address = client.octets();
  std::copy(address.begin(), address.end(), text.begin() + hash_place);
  return siphash_.hash({text.data(), hash_place + address.size()}, out);
}

bool Cookies::is_good(std::string_view shown, const Client& client, Time now) noexcept {
  if (shown.size() != size || shown[client_size] != version) return false;
  const auto age = age_of(shown, now);
  if (age > longest_life || age < -most_ahead) return false;
  std::array<char, crypto::SipHash::size> expected;
  return seal(shown.substr(0, hash_place), client, expected) &&
         crypto::equal_in_constant_time(shown.substr(hash_place), {expected.data(), expected.size()});
}

std::string_view Cookies::answer_to(std::string_view shown, const Client& client, Time now) noexcept {
  if (is_good(shown, client, now) && age_of(shown, now) <= life_before_renewal) return shown;
  made_.fill(0);
  std::copy_n(shown.begin(), client_size, made_.begin());
  made_[client_size] = version;
  const auto seconds = seconds_of(now);
  for (std::size_t i = 0; i < 4; ++i) made_[time_place + i] = static_cast<char>(seconds >> (24 - 8 * i));
  const std::span<char, size> all(made_);
  if (!seal({made_.data(), hash_place}, client, all.subspan<hash_place>())) return {};
  return {made_.data(), size};
}

}  // namespace acmed::dns::responder
