// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/due.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto/digest.h"
#include "daemon/acme/answer.h"

namespace acmed::renew {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Duration short_life = hours(24 * 10);
constexpr double usual_fraction = 1.0 / 3;
constexpr double short_life_fraction = 1.0 / 2;
constexpr double spread = 1.0 / 20;
// Of suggestions by the CA.
constexpr double left_at_the_latest = 1.0 / 20;
constexpr double shortest_use = 1.0 / 50;
constexpr Duration longest_shortest_use = hours(12);
constexpr double largest_fraction = 9.0 / 10;      // a certificate is never due right after it was issued
constexpr double largest_share_of_time = 1.0 / 2;  // "30d" was meant for lives of 90 days
constexpr std::array<Duration, 4> pauses = {minutes(1), minutes(10), minutes(100), hours(24)};
constexpr double pause_spread = 1.0 / 10;
// Let's Encrypt lets a name fail five times an hour.
constexpr Duration shortest_urgent_pause = minutes(15);
// Whoever reads a peer's pause bounds it; the longest is a CA's limit on a name.
constexpr Duration longest_pause = acme::longest_rate_limit;

Duration scaled(Duration duration, double factor) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

double fraction_of(Duration life, config::LifeLeft left) {
  if (const auto* fraction = std::get_if<double>(&left)) return *fraction;
  const double time = static_cast<double>(std::get<Duration>(left).count());
  return std::min(time / static_cast<double>(std::max<Duration>(life, Duration(1)).count()), largest_share_of_time);
}

/// A number in [0, 1) that is always the same for the same serial.
double chance_of(const std::string& serial) {
  // Whoever looks at a certificate asks for it several times in a row.
  thread_local std::pair<std::string, double> latest;
  if (latest.first != serial || serial.empty()) {
    const auto digest = crypto::sha256(serial);
    latest = {serial, static_cast<unsigned char>(digest[0]) / 256.0 + static_cast<unsigned char>(digest[1]) / 65536.0};
  }
  return latest.second;
}

/// When its life with us began.
Time beginning_of(const store::Issued& issued) {
  // Not known: the clock was wrong when we got it, or the state is of a version that did not store the time.
  const bool is_known = issued.issued_at > issued.not_before && issued.issued_at < issued.not_after;
  return is_known ? issued.issued_at : issued.not_before;
}

}  // namespace

Duration left_of(Duration life, config::LifeLeft left) {
  return scaled(life, fraction_of(life, left));
}

Time due_at(const store::Issued& issued, std::optional<config::LifeLeft> left) {
  const auto life = issued.not_after - beginning_of(issued);
  const auto fraction = left ? fraction_of(life, *left) : life < short_life ? short_life_fraction : usual_fraction;
  return issued.not_after -
         scaled(life, std::min(fraction * (1 + spread * chance_of(issued.serial)), largest_fraction));
}

Time due_at(const store::Issued& issued, std::optional<config::LifeLeft> left, const Rare<store::RenewalPlan>& plan) {
  const auto usual = due_at(issued, left);
  if (!plan || !plan->has_window()) return usual;
  const auto begin = beginning_of(issued);
  const Duration life = issued.not_after - begin;
  const Time earliest = begin + std::min<Duration>(scaled(life, shortest_use), longest_shortest_use);
  const Time latest = issued.not_after - scaled(life, left_at_the_latest);
  const Time suggested = std::clamp(plan->renew_at, earliest, std::max(earliest, latest));
  return left ? std::min(usual, suggested) : suggested;
}

std::string due_reason(const store::Issued& issued, std::optional<config::LifeLeft> left,
                       const Rare<store::RenewalPlan>& plan) {
  if (due_at(issued, left, plan) != due_at(issued, left)) return "the CA suggests it";
  if (!left) {
    return issued.not_after - beginning_of(issued) < short_life ? "half of its life is left"
                                                                : "a third of its life is left";
  }
  if (const auto* time = std::get_if<Duration>(&*left)) return to_text(*time) + " of its life are left";
  return fmt::format("{:.0f} % of its life are left", 100 * std::get<double>(*left));
}

/// How long at most to pause on our own account. A certificate that ends soon does not wait long; neither does one that
/// is missing or has ended, but the longer it was tried in vain, the less another try soon would help.
Duration longest_own_pause(Duration tried, Time now, std::optional<Time> not_after) {
  const bool is_there = not_after && *not_after > now;
  return std::max<Duration>((is_there ? *not_after - now : tried) / 10, shortest_urgent_pause);
}

Time not_later_than_a_tenth(Time until, Time now, std::optional<Time> not_after) {
  if (!not_after) return until;
  const Duration left = std::max<Duration>(*not_after - now, Duration::zero());
  return std::min<Time>(until, now + std::max<Duration>(left / 10, shortest_urgent_pause));
}

store::Trouble after_failure(const Rare<store::Trouble>& before, const Error& error, const Attempt& attempt) {
  const auto now = attempt.now;
  store::Trouble trouble;
  trouble.failures = before ? std::max(before->failures + (attempt.asked ? 0U : 1U), 1U) : 1;
  trouble.since = before ? std::min(before->since, now) : now;
  trouble.cause = error.cause();
  trouble.sentence = error.what();
  trouble.about = attempt.about;
  trouble.party = error.party();
  const Duration pause = pauses[std::min<std::size_t>(trouble.failures - 1, pauses.size() - 1)];
  const Duration longest = longest_own_pause(now - trouble.since, now, attempt.not_after);
  const double spread_by = pause_spread * attempt.chance;
  trouble.next_try = now + std::min(scaled(pause, 1 + spread_by), scaled(longest, 1 - spread_by));
  if (attempt.asked && before && before->next_try > now)
    trouble.next_try = std::min(trouble.next_try, before->next_try);
  if (error.not_before()) {
    const auto not_before = not_later_than_a_tenth(*error.not_before(), now, attempt.not_after);
    trouble.next_try = std::max(trouble.next_try, not_before);
    const bool of_this_request = error.party() == Party::ca && error.advice() == Error::Advice::throttled;
    if (of_this_request && error.cause() != acme::overloaded) trouble.not_before = not_before;
  }
  return trouble;
}

Time next_try(const store::Trouble& trouble, bool asked, Time now) {
  const Time next = asked ? trouble.not_before.value_or(Time::min()) : trouble.next_try;
  const bool is_believable = next <= now + longest_pause && trouble.since <= now;
  return is_believable ? next : Time::min();
}

}  // namespace acmed::renew
