// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>

#include "base/time.h"

namespace acmed::dns::responder {

/// Keeps us from being used to flood others: an answer to a datagram with a forged sender goes to the victim. So each
/// network, an IPv4 /24 or an IPv6 /56, gets a limited number of answers a second. Of those in excess every second one
/// is truncated to nothing, which makes a real client come back by TCP; the others are dropped.
class RateLimiter {
 public:
  /// 0: no limit.
  explicit RateLimiter(unsigned answers_per_second);

  bool is_on() const noexcept { return interval_ != Duration::zero(); }

  enum class Verdict { answer, cut, drop };
  /// Counts one answer to `client`, an IPv4 or IPv6 address, and decides what becomes of it.
  Verdict judge(const sockaddr* client, Moment now) noexcept;

 private:
  /// What one network has used. It may have one more answer as long as it is less than a second ahead of the clock.
  struct Account {
    std::uint64_t network = 0;
    Moment paid_until;
    bool cut_last = false;
  };
  static constexpr std::size_t accounts_per_set = 4;
  using Set = Account[accounts_per_set];

  Account& account_of(std::uint64_t network, Moment now) noexcept;

  Duration interval_{};
  std::uint64_t seed_ = 0;  ///< so that nobody can pick networks that share a set
  std::unique_ptr<Set[]> sets_;
};

}  // namespace acmed::dns::responder
