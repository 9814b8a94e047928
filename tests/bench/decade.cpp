// SPDX-License-Identifier: Apache-2.0
// Ten simulated years of many certificates: when acmed would renew each, and whether a CA with Let's Encrypt's limits
// would agree. It drives what decides this in acmed (daemon/renew: due times, suggestions by the CA, the calendar, the
// model of limits, pauses after failures, fail-over) directly: without journeys, stores and keepers, which would take
// hours. tests/unit/daemon/year_test.cpp has these, for fewer certificates and one year.
//
//   bench_decade [CERTIFICATES [YEARS]]       exits with 1 when a promise is broken
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <queue>
#include <random>

#include "daemon/acme/problem.h"
#include "daemon/renew/calendar.h"
#include "daemon/renew/due.h"
#include "daemon/renew/fail_over.h"
#include "daemon/renew/limits.h"
#include "daemon/renew/registered_domain.h"
#include "daemon/renew/suggestion.h"
#include "tests/bench/decade_ca.h"

using namespace acmed;
using namespace std::chrono_literals;
using bench::SimulatedCa;
using bench::Stretch;

namespace {

constexpr Duration day = 24h;
const Time start(std::chrono::sys_days(std::chrono::year(2026) / 11 / 27));
constexpr Duration ask_pause = 6h;  ///< how often a CA wants to be asked for its suggestion
constexpr Duration order_life = 7 * day;
constexpr double shares_dns_trouble = 0.01;  ///< of tries: the DNS does not show the values
constexpr double shares_not_valid = 0.002;   ///< the CA does not see them, though acmed did
constexpr double most_to_mean = 3;
/// Renewals in an hour that are no crowd: the calendar leaves ten as they are, and some more are planned anew.
constexpr std::uint64_t few = 15;

/// The host's clock is so much ahead for a while.
struct Jump {
  Stretch when;
  Duration ahead;
};

Stretch after(Duration begin, Duration length) {
  return {start + begin, start + begin + length};
}

/// Every year the first CA is away for three days, and the second one at another time; twice both are.
std::vector<Stretch> outages_of(bool is_first, int years) {
  std::vector<Stretch> outages;
  for (int year = 0; year < years; ++year) {
    outages.push_back(is_first ? after(year * 365 * day + 100 * day, 72h) : after(year * 365 * day + 200 * day, 120h));
  }
  for (const int year : {2, 7}) outages.push_back(after(year * 365 * day + 300 * day, 36h));
  return outages;
}

struct Kept {
  std::vector<std::string> names;
  std::vector<std::string> domains;
  bool has_fallback = false;
  bool is_short = false;

  std::optional<std::size_t> issuer;  ///< index of the CA
  bench::SimulatedCertificate certificate;
  store::Issued issued;
  Rare<store::RenewalPlan> plan;
  Rare<store::Trouble> trouble;
  std::optional<std::pair<std::size_t, bench::SimulatedCertificate>> not_taken;  ///< of an order that is kept
  std::optional<Stretch> appointment;                                            ///< from when it was made
  Rare<renew::Calendar::Place> place;
  bool is_revoked = false;         ///< the CA has told that it is to be replaced
  bool is_of_wrong_clock = false;  ///< it was issued while the host's clock was wrong
  unsigned version = 0;            ///< of its entry in the agenda
};

struct Entry {
  Time at;  ///< of the true time
  std::size_t which;
  unsigned version;
  bool asks;  ///< for the CA's suggestion
  bool operator<(const Entry& other) const { return at > other.at; }
};

/// The renewals of one year.
struct Year {
  std::uint64_t all = 0;
  /// At a time of our own choosing: not because the CA wants it within a day, nor because of a wrong clock.
  std::uint64_t planned = 0;
  std::map<std::int64_t, std::uint64_t> planned_in_hour;
  std::map<std::int64_t, std::uint64_t> done_in_hour;
};

std::uint64_t busiest(const std::map<std::int64_t, std::uint64_t>& hours) {
  std::uint64_t most = 0;
  for (const auto& [hour, count] : hours) most = std::max(most, count);
  return most;
}

std::int64_t hour_of(Time time) {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

class Decade {
 public:
  Decade(std::size_t count, int years);
  void run();
  /// Prints the figures, and returns whether all promises were kept.
  bool report() const;

 private:
  Time host(Time now) const;
  double chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  Time due(Kept& kept, Time host_now);
  void plan(std::size_t which, Time now);
  void attempt(std::size_t which, Time now);
  static renew::CountedOrder counted(std::size_t ca, const Kept& kept, Time host_now);
  std::exception_ptr order_at(std::size_t ca, Kept& kept, Time now, bool* is_known);
  std::exception_ptr received(Kept& kept, std::size_t ca, const bench::SimulatedCertificate& certificate, Time now);
  void take(Kept& kept, std::size_t ca, const bench::SimulatedCertificate& certificate, Time now);
  void ask(std::size_t which, Time now);
  void note(const Kept& kept, Time planned, Time now);

  std::mt19937_64 random_{20261127};
  int years_;
  std::array<SimulatedCa, 2> cas_;
  std::array<renew::Limits, 2> limits_;
  std::vector<Jump> jumps_;
  std::vector<Stretch> waves_;
  renew::Calendar calendar_;
  std::vector<Kept> all_;
  std::priority_queue<Entry> agenda_;
  Duration ahead_{};  ///< by how much the host's clock is ahead
  std::vector<Year> by_year_;
  std::array<std::uint64_t, 2> issued_{};
  std::uint64_t ended_ = 0;  ///< certificates that ended before they were renewed
  std::uint64_t tries_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t waits_ = 0;  ///< for room in a limit
  std::uint64_t late_of_wave_ = 0;
  std::map<std::int64_t, std::uint64_t> wave_hours_;
  Duration latest_start_{};
};

constexpr std::array<const char*, 2> directories = {"https://acme-v02.api.letsencrypt.org/directory",
                                                    "https://other.test/directory"};

Decade::Decade(std::size_t count, int years)
    : years_(years),
      cas_{SimulatedCa(true, outages_of(true, years)), SimulatedCa(false, outages_of(false, years))},
      limits_{renew::Limits(renew::published_limits(directories[0])),
              renew::Limits(renew::published_limits(directories[1]))},
      all_(count),
      by_year_(static_cast<std::size_t>(years) + 1) {
  // One revocation with a day's notice, one whose windows are in the past, and one of each more.
  const std::array<std::pair<Duration, Duration>, 4> revocations = {
      {{400 * day, 24h}, {1100 * day, -1h}, {2000 * day, 24h}, {2900 * day, -1h}}};
  for (const auto& [at, notice] : revocations) {
    if (at > years * 365 * day) continue;
    const Time begin = start + at;
    const Stretch window = notice > 0h ? Stretch{begin, begin + notice} : Stretch{begin - 2h, begin - 1h};
    for (auto& ca : cas_) ca.revoke_all({begin, window});
    waves_.push_back({begin, begin + 24h + ask_pause});
  }
  jumps_ = {{after(700 * day, 2h), 10 * day}, {after(1500 * day, 1h), 3000 * day}, {after(2300 * day, 3h), -400 * day}};
  for (std::size_t i = 0; i < count; ++i) {
    auto& kept = all_[i];
    // Most have a domain of their own; one customer has three hundred in one domain.
    const auto domain = i < 300 ? std::string("many.example.com") : fmt::format("d{}.org", i / 3);
    kept.names = {fmt::format("h{}.{}", i, domain), fmt::format("*.h{}.{}", i, domain)};
    kept.domains = renew::registered_domains(kept.names);
    kept.has_fallback = i % 2 == 0;
    kept.is_short = i % 20 == 1;
    agenda_.push({start, i, 0, false});
  }
}

Time Decade::host(Time now) const {
  for (const auto& jump : jumps_) {
    if (jump.when.holds(now)) return now + jump.ahead;
  }
  return now;
}

/// As keep::Kept::renewal_due().
Time Decade::due(Kept& kept, Time host_now) {
  if (!kept.issuer) return Time::min();
  const auto usual = renew::due_at(kept.issued, std::nullopt, kept.plan);
  if (kept.place && kept.place->usual() == usual) return kept.place->at();
  kept.place.reset();
  if (usual <= host_now) return usual;
  kept.place =
      calendar_.place(std::max(kept.issued.issued_at, kept.issued.not_before), kept.issued.not_after, usual, host_now);
  return kept.place->at();
}

void Decade::plan(std::size_t which, Time now) {
  auto& kept = all_[which];
  const auto host_now = host(now);
  auto next = due(kept, host_now);
  if (kept.appointment && kept.appointment->holds(host_now)) next = std::max(next, kept.appointment->end);
  if (kept.trouble) next = std::max(next, renew::next_try(*kept.trouble, false, host_now));
  const auto wait = std::max<Duration>(next - std::min(next, host_now), 1s);
  agenda_.push({now + (next <= host_now ? Duration(1s) : wait), which, ++kept.version, false});
}

renew::CountedOrder Decade::counted(std::size_t ca, const Kept& kept, Time host_now) {
  renew::CountedOrder order;
  order.account = "account";
  order.names = kept.names;
  order.domains = kept.domains;
  if (kept.issuer) order.not_after = kept.issued.not_after;
  if (kept.issuer == ca) renew::count_as_renewal(order, kept.issued, kept.plan, host_now);
  return order;
}

/// As keep::Issuing asks a CA: nothing when it has issued.
std::exception_ptr Decade::order_at(std::size_t ca, Kept& kept, Time now, bool* is_known) {
  const auto host_now = host(now);
  auto& model = limits_[ca];
  auto order = counted(ca, kept, host_now);
  if (kept.not_taken && kept.not_taken->first == ca && now < kept.not_taken->second.not_before + order_life) {
    *is_known = false;
    return received(kept, ca, kept.not_taken->second, now);
  }
  *is_known = true;
  const bool is_expected = kept.appointment && kept.appointment->end <= host_now;
  if (const auto wait = model.wait(order, host_now, true, is_expected)) {
    return std::make_exception_ptr(Throttled(renew::limit_reached, wait->sentence, wait->until, Party::ca));
  }
  *is_known = false;
  ++tries_;
  if (cas_[ca].is_down(now)) {
    return std::make_exception_ptr(Error(Error::Advice::retry, "curl:7", "no answer", std::nullopt, Party::ca));
  }
  model.ordered(order, host_now);
  const auto luck = chance();
  if (luck < shares_dns_trouble) {
    model.released(order);
    return std::make_exception_ptr(
        Error(Error::Advice::retry, "dns:timeout", "not shown", std::nullopt, Party::name_server));
  }
  if (luck < shares_dns_trouble + shares_not_valid) {
    model.released(order);
    model.failed(order.account, kept.names.front(), host_now);
    cas_[ca].fail_validation(kept.names.front(), now);
    acme::Problem problem;
    problem.type = "unauthorized";
    problem.subproblems.push_back(problem);
    problem.subproblems.front().identifier = kept.names.front();
    return std::make_exception_ptr(acme::ProblemError("validate the names", problem, std::nullopt));
  }
  const bool replaces = kept.issuer == ca && kept.plan;
  const auto certificate =
      cas_[ca].issue({kept.names, kept.domains, replaces ? kept.certificate.number : 0, kept.is_short}, now);
  model.released(order);
  if (!certificate) {
    acme::Problem problem;
    problem.type = "rateLimited";
    return std::make_exception_ptr(acme::ProblemError("order a certificate", problem, host_now + 1h));
  }
  model.issued(order, host_now);
  return received(kept, ca, *certificate, now);
}

/// One that has ended by a wrong clock stays at the CA, with its order: the next try downloads it again.
std::exception_ptr Decade::received(Kept& kept, std::size_t ca, const bench::SimulatedCertificate& certificate,
                                    Time now) {
  if (certificate.not_after > host(now)) {
    take(kept, ca, certificate, now);
    return nullptr;
  }
  kept.not_taken = {ca, certificate};
  return std::make_exception_ptr(
      Error(Error::Advice::refused, "acme:certificate", "it has ended", std::nullopt, Party::ca));
}

void Decade::take(Kept& kept, std::size_t ca, const bench::SimulatedCertificate& certificate, Time now) {
  if (kept.issuer && kept.issued.not_after < now) ++ended_;
  if (!kept.issuer) latest_start_ = std::max<Duration>(latest_start_, now - start);
  ++issued_[ca];
  kept.issuer = ca;
  kept.certificate = certificate;
  kept.issued = {1,
                 directories[ca],
                 "ecdsa-p256",
                 kept.names,
                 fmt::format("{}-{}", ca, certificate.number),
                 certificate.not_before,
                 certificate.not_after,
                 host(now)};
  kept.plan = store::RenewalPlan{fmt::format("id-{}", certificate.number)};
  kept.trouble.reset();
  kept.appointment.reset();
  kept.is_revoked = false;
  kept.is_of_wrong_clock = host(certificate.not_before) != certificate.not_before;
  kept.not_taken.reset();
  const auto window = cas_[ca].window(certificate, now);
  renew::take_suggestion(*kept.plan, {window.begin, window.end, "", host(now) + ask_pause});
}

void Decade::note(const Kept& kept, Time planned, Time now) {
  auto& year = by_year_.at(static_cast<std::size_t>((now - start) / (365 * day)));
  ++year.all;
  ++year.done_in_hour[hour_of(now)];
  if (kept.is_revoked) {
    ++wave_hours_[hour_of(now)];
    const bool is_in_time = std::ranges::any_of(waves_, [now](const Stretch& wave) { return wave.holds(now); });
    if (!is_in_time) ++late_of_wave_;
    return;
  }
  if (host(now) != now || kept.is_of_wrong_clock) return;
  ++year.planned;
  ++year.planned_in_hour[hour_of(planned)];
}

void Decade::attempt(std::size_t which, Time now) {
  auto& kept = all_[which];
  const auto host_now = host(now);
  const auto planned = due(kept, host_now);
  const bool may_try = !kept.trouble || renew::next_try(*kept.trouble, false, host_now) <= host_now;
  const bool waits = kept.appointment && kept.appointment->holds(host_now);
  if (planned > host_now || !may_try || waits) return plan(which, now);
  const bool was_there = kept.issuer.has_value();
  Kept former;
  former.is_revoked = kept.is_revoked;
  former.is_of_wrong_clock = kept.is_of_wrong_clock;
  std::vector<renew::Refusal> refusals;
  bool all_known = true;
  for (std::size_t ca = 0; ca < (kept.has_fallback ? 2U : 1U); ++ca) {
    bool is_known = false;
    const auto failure = order_at(ca, kept, now, &is_known);
    if (!failure) {
      if (was_there) {
        note(former, planned, now);
      }
      return plan(which, now);
    }
    all_known = all_known && is_known;
    refusals.push_back({directories[ca], failure, is_known});
    try {
      std::rethrow_exception(failure);
    } catch (const Error& error) {
      if (is_known && renew::is_worth_waiting(*error.not_before(), host_now)) break;
      if (!renew::is_for_the_next_ca(error, kept.trouble.has_value())) break;
    }
  }
  try {
    std::rethrow_exception(renew::joined(refusals));
  } catch (const Error& error) {
    if (all_known) {
      const auto placed = limits_[0].place(counted(0, kept, host_now), host_now);
      kept.appointment = Stretch{host_now, placed ? placed->until : host_now};
      ++waits_;
    } else {
      ++failures_;
      kept.appointment.reset();
      const auto end = kept.issuer ? std::optional(kept.issued.not_after) : std::nullopt;
      kept.trouble = renew::after_failure(kept.trouble, error, {host_now, chance(), end, false, "wanted"});
    }
  }
  plan(which, now);
}

void Decade::ask(std::size_t which, Time now) {
  auto& kept = all_[which];
  if (!kept.issuer || !kept.plan) return;
  const auto& ca = cas_[*kept.issuer];
  if (ca.is_down(now)) {
    agenda_.push({now + ask_pause, which, 0, true});
    return;
  }
  const auto window = ca.window(kept.certificate, now);
  if (!renew::take_suggestion(*kept.plan, {window.begin, window.end, "", host(now) + ask_pause})) return;
  kept.is_revoked = true;
  plan(which, now);
}

void Decade::run() {
  std::vector<std::pair<Time, bool>> events;  // waves, and jumps of the clock
  for (const auto& wave : waves_) events.emplace_back(wave.begin, true);
  for (const auto& jump : jumps_) {
    events.emplace_back(jump.when.begin, false);
    events.emplace_back(jump.when.end, false);
  }
  std::ranges::sort(events);
  auto event = events.begin();
  const auto end = start + years_ * 365 * day;
  std::uint64_t looked_at = 0;
  while (!agenda_.empty() && agenda_.top().at < end) {
    if (event != events.end() && event->first <= agenda_.top().at) {
      if (!event->second) {  // as the ledger notices it
        const auto calendar = host(event->first) - event->first;
        for (auto& limits : limits_) limits.shift(calendar - ahead_);
        ahead_ = calendar;
      }
      for (std::size_t i = 0; i < all_.size(); ++i) {
        if (event->second) {
          // A certificate is asked about every six hours; only this time the answer is another one.
          const auto until =
              Duration(static_cast<Duration::rep>(chance() * static_cast<double>(Duration(ask_pause).count())));
          agenda_.push({event->first + until, i, 0, true});
        } else {
          plan(i, event->first);  // as Service::plan_anew()
        }
      }
      ++event;
      continue;
    }
    const auto entry = agenda_.top();
    agenda_.pop();
    if (entry.asks) {
      ask(entry.which, entry.at);
    } else if (entry.version == all_[entry.which].version) {
      attempt(entry.which, entry.at);
    }
    if (++looked_at % 65536 == 0) limits_[0].uses(host(entry.at));  // forgets what has passed
  }
  for (const auto& kept : all_) {
    if (!kept.issuer || kept.issued.not_after < end) ++ended_;
  }
}

bool Decade::report() const {
  bool is_good = true;
  const auto must = [&is_good](bool holds, const std::string& promise) {
    fmt::print("{}  {}\n", holds ? "kept  " : "BROKEN", promise);
    is_good = is_good && holds;
  };
  fmt::print("{} certificates, {} years: {} of the first CA ({} of them exempt from its limits), {} of the second\n",
             all_.size(), years_, issued_[0], cas_[0].exempt, issued_[1]);
  fmt::print("{} orders tried, {} of them failed; {} waits for room in a limit; all had their first after {}\n\n",
             tries_, failures_, waits_, to_text(latest_start_));
  fmt::print("{:>4} {:>10} {:>12} {:>14} {:>8} {:>15}\n", "year", "renewals", "planned/hour", "busiest (plan)", "ratio",
             "busiest (done)");
  double worst = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(years_); ++i) {
    const auto& year = by_year_[i];
    const double mean = static_cast<double>(year.planned) / (365 * 24);
    const auto most = busiest(year.planned_in_hour);
    const double ratio = mean > 0 ? static_cast<double>(most) / mean : 0;
    // The first year's mean has weeks without renewals in it; so few in an hour are left as they are.
    if (i > 0 && most > few) worst = std::max(worst, ratio);
    fmt::print("{:>4} {:>10} {:>12.1f} {:>14} {:>8.2f} {:>15}\n", i + 1, year.all, mean, most, ratio,
               busiest(year.done_in_hour));
  }
  fmt::print("\nbusiest hour of a revocation: {} renewals, {:.1f} times its mean\n\n", busiest(wave_hours_),
             static_cast<double>(busiest(wave_hours_)) * 24 / static_cast<double>(all_.size()));
  must(ended_ == 0, fmt::format("no certificate ends: {} did", ended_));
  std::uint64_t hits = 0;
  for (const auto& [limit, count] : cas_[0].hits) {
    hits += count;
    fmt::print("        {}: {}\n", limit, count);
  }
  must(hits == 0, fmt::format("no limit is hit: {} were", hits));
  must(worst <= most_to_mean,
       fmt::format("the busiest hour has at most {} times the mean of its year: {:.2f}", most_to_mean, worst));
  must(late_of_wave_ == 0, fmt::format("who is told to renew within a day does: {} did not", late_of_wave_));
  return is_good;
}

}  // namespace

int main(int argc, char** argv) {
  const auto count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10000;
  const int years = argc > 2 ? std::atoi(argv[2]) : 10;
  if (count == 0 || years < 1 || years > 50) {
    fmt::print(stderr, "usage: bench_decade [CERTIFICATES [YEARS]]\n");
    return 2;
  }
  Decade decade(count, years);
  decade.run();
  return decade.report() ? 0 : 1;
}
