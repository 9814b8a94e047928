// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/rate_limiter.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/crypto/digest.h"

namespace acmed::dns::responder {
namespace {

constexpr Duration burst = std::chrono::seconds(1);
constexpr int set_bits = 10;  // 4096 networks in 1024 sets: those who ask too much at one time are far fewer

std::uint64_t network_of(const sockaddr* client) noexcept {
  constexpr std::uint64_t ipv4_mark = std::uint64_t{1} << 63;
  if (client->sa_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, client, sizeof address);
    return ipv4_mark | (ntohl(address.sin_addr.s_addr) >> 8);
  }
  sockaddr_in6 address{};
  std::memcpy(&address, client, sizeof address);
  const auto* octets = address.sin6_addr.s6_addr;
  std::uint64_t network = 0;
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {  // what a socket for both families tells
    for (int i = 12; i < 15; ++i) network = (network << 8) | octets[i];
    return ipv4_mark | network;
  }
  for (int i = 0; i < 7; ++i) network = (network << 8) | octets[i];
  return network;
}

}  // namespace

RateLimiter::RateLimiter(unsigned answers_per_second) {
  if (answers_per_second == 0) return;
  interval_ = burst / answers_per_second;
  const auto random = crypto::random_bytes(sizeof seed_);
  std::memcpy(&seed_, random.data(), sizeof seed_);
  sets_ = std::make_unique<Set[]>(std::size_t{1} << set_bits);
}

/// That of the network; else the one that is worth least, made anew.
RateLimiter::Account& RateLimiter::account_of(std::uint64_t network, Moment now) noexcept {
  auto hash = (network ^ seed_) * 0x9e37'79b9'7f4a'7c15;
  hash = (hash ^ (hash >> 29)) * 0xbf58'476d'1ce4'e5b9;
  auto& set = sets_[hash >> (64 - set_bits)];
  auto* account = std::find_if(std::begin(set), std::end(set), [&](const Account& a) { return a.network == network; });
  if (account == std::end(set)) {
    account = std::min_element(std::begin(set), std::end(set),
                               [](const Account& a, const Account& b) { return a.paid_until < b.paid_until; });
    *account = {network, now, false};
  }
  return *account;
}

RateLimiter::Verdict RateLimiter::judge(const sockaddr* client, Moment now) noexcept {
  if (!is_on()) return Verdict::answer;
  auto& account = account_of(network_of(client), now);
  const auto paid_until = std::max(account.paid_until, now) + interval_;
  if (paid_until - now <= burst) {
    account.paid_until = paid_until;
    return Verdict::answer;
  }
  account.cut_last = !account.cut_last;
  return account.cut_last ? Verdict::cut : Verdict::drop;
}

}  // namespace acmed::dns::responder
