// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "base/time.h"

namespace acmed::acme {

/// The pauses between repeated requests for something that a CA should have but reports missing: its servers do not
/// learn of everything at the same time. After the last of them the answer is believed, for this run.
inline constexpr std::array<Duration, 4> second_looks = {
    std::chrono::milliseconds(500), std::chrono::milliseconds(1500), std::chrono::seconds(4), std::chrono::seconds(10)};

/// How long to pause before each poll of a resource that the CA is working on. The pause grows with the time waited, so
/// that the wait ends soon after the CA is ready, be it after 10 ms or 10 minutes, and a slow CA is not hammered.
class PollPace {
 public:
  static constexpr Duration shortest_pause = std::chrono::milliseconds(5);
  static constexpr Duration longest_pause = std::chrono::seconds(15);

  /// `round_trip`: what an exchange with the CA usually takes. `limit`: for all polls together.
  PollPace(Duration round_trip, Duration limit)
      : first_pause_(std::clamp(round_trip, shortest_pause, longest_pause)), limit_(limit) {}

  /// The next pause after `waited`. `named`: what the CA asked for by Retry-After; takes precedence unless zero.
  /// Nothing when the limit is reached, or would be reached during the pause that the CA named.
  std::optional<Duration> pause(Duration waited, std::optional<Duration> named) const {
    const Duration left = limit_ - waited;
    if (left <= Duration::zero() || (named && *named > left)) return std::nullopt;
    if (named && *named > Duration::zero()) return std::max(*named, shortest_pause);
    return std::min(std::clamp(waited / 4, first_pause_, longest_pause), left);
  }

 private:
  Duration first_pause_;
  Duration limit_;
};

}  // namespace acmed::acme
