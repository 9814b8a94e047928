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
  /// CAs have asked for a day and were done after seconds.
  static constexpr Duration longest_named_pause = std::chrono::minutes(1);

  /// `round_trip`: what an exchange with the CA usually takes. `limit`: for all polls together.
  PollPace(Duration round_trip, Duration limit)
      : first_pause_(std::clamp(round_trip, shortest_pause, longest_pause)), limit_(limit) {}

  /// The next pause after `waited`; nothing when the limit is reached. `named`: what the CA asked for by Retry-After;
  /// takes precedence unless zero, but is never longer than a minute.
  std::optional<Duration> pause(Duration waited, std::optional<Duration> named) const {
    const Duration left = limit_ - waited;
    if (left <= Duration::zero()) return std::nullopt;
    const bool is_named = named && *named > Duration::zero();
    const Duration wanted = is_named ? std::clamp(*named, shortest_pause, longest_named_pause)
                                     : std::clamp(waited / 4, first_pause_, longest_pause);
    return std::min(wanted, left);
  }

 private:
  Duration first_pause_;
  Duration limit_;
};

}  // namespace acmed::acme
