// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>

#include "base/time.h"

namespace acmed::dns::responder {

/// Keeps us from being used to flood others: whoever forges the sender of a datagram has the answer sent there. So each
/// network, an IPv4 /24 or an IPv6 /56, gets a number of answers in a second. Of those above it every second one is cut
/// to nothing, which a real client takes as a call to come by TCP; the others are dropped.
class RateLimiter {
 public:
  /// 0: no limit.
  explicit RateLimiter(unsigned answers_per_second);

  bool is_on() const noexcept { return interval_ != Duration::zero(); }

  enum class Verdict { answer, cut, drop };
  /// Counts one answer to `client`, an IPv4 or IPv6 address, and says what is to become of it.
  Verdict judge(const sockaddr* client, Moment now) noexcept;

 private:
  /// What one network had. It may have an answer more as long as it is less than a second ahead of the clock.
  struct Account {
    std::uint64_t network = 0;
    Moment paid_until;
    bool cut_last = false;
  };
  static constexpr std::size_t accounts_per_set = 4;
  using Set = Account[accounts_per_set];

  Account& account_of(std::uint64_t network, Moment now) noexcept;

  Duration interval_{};
  std::uint64_t seed_ = 0;  ///< so that nobody can choose networks that share a set
  std::unique_ptr<Set[]> sets_;
};

}  // namespace acmed::dns::responder
