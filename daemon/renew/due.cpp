// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/due.h"

#include <algorithm>
#include <array>

#include "base/crypto/digest.h"

namespace acmed::renew {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration short_life = hours(24 * 10);
constexpr double usual_fraction = 1.0 / 3;
constexpr double short_life_fraction = 1.0 / 2;
constexpr double spread = 1.0 / 20;
constexpr double largest_fraction = 9.0 / 10;  // a certificate is never due when it has just been issued
constexpr std::array<Duration, 4> pauses = {minutes(1), minutes(10), minutes(100), hours(24)};
constexpr double pause_spread = 1.0 / 10;
// Let's Encrypt lets a name fail five times an hour.
constexpr Duration shortest_urgent_pause = minutes(15);

Duration scaled(Duration duration, double factor) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

/// A number in [0, 1) that is the same each time it is asked for.
double chance_of(const std::string& serial) {
  const auto digest = crypto::sha256(serial);
  return static_cast<unsigned char>(digest[0]) / 256.0 + static_cast<unsigned char>(digest[1]) / 65536.0;
}

}  // namespace

Time due_at(const store::Issued& issued, std::optional<double> fraction) {
  const Duration life = issued.not_after - issued.not_before;
  const double left = fraction.value_or(life < short_life ? short_life_fraction : usual_fraction);
  return issued.not_after - scaled(life, std::min(left * (1 + spread * chance_of(issued.serial)), largest_fraction));
}

store::Trouble after_failure(const std::optional<store::Trouble>& before, const Error& error, Time now, double chance,
                             std::optional<Time> not_after) {
  store::Trouble trouble;
  trouble.failures = before ? before->failures + 1 : 1;
  trouble.since = before ? before->since : now;
  trouble.cause = error.cause();
  trouble.sentence = error.what();
  trouble.not_before = error.not_before();
  Duration pause = pauses[std::min<std::size_t>(trouble.failures - 1, pauses.size() - 1)];
  if (not_after) {
    const Duration left = std::max<Duration>(*not_after - now, Duration::zero());
    pause = std::min(pause, std::max<Duration>(left / 10, shortest_urgent_pause));
  }
  trouble.next_try = now + scaled(pause, 1 + pause_spread * chance);
  if (trouble.not_before) trouble.next_try = std::max(trouble.next_try, *trouble.not_before);
  return trouble;
}

Time next_try(const store::Trouble& trouble, bool asked) {
  if (!asked) return trouble.next_try;
  return trouble.not_before.value_or(Time::min());
}

}  // namespace acmed::renew
