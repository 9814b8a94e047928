// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/decade_ca.h"

#include <algorithm>

namespace acmed::bench {
namespace {

using std::chrono::hours;

Time date(int year, unsigned month, unsigned day) {
  return Time(std::chrono::sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)));
}

std::string set_of(std::vector<std::string> names) {
  std::ranges::sort(names);
  std::string all;
  for (const auto& name : names) all += name + " ";
  return all;
}

}  // namespace

Tokens::Store& Tokens::at(const std::string& key, Time now) {
  auto& store = stores_.try_emplace(key, Store{most_, now}).first->second;
  store.left = std::min(most_, store.left + per_nanosecond_ * static_cast<double>((now - store.since).count()));
  store.since = now;
  return store;
}

bool Tokens::has(const std::string& key, Time now) {
  return at(key, now).left >= 1 - 1e-6;
}

bool Tokens::take(const std::string& key, Time now) {
  if (!has(key, now)) return false;
  at(key, now).left -= 1;
  return true;
}

bool SimulatedCa::is_down(Time now) const {
  return std::ranges::any_of(outages_, [now](const Stretch& outage) { return outage.holds(now); });
}

/// The announced schedule of Let's Encrypt: 64 days from 10 February 2027, 45 from 16 February 2028.
Duration SimulatedCa::life(bool is_short, Time now) {
  if (is_short) return hours(160);
  return hours(24) * (now < date(2027, 2, 10) ? 90 : now < date(2028, 2, 16) ? 64 : 45);
}

/// Around the time when a third of its life is left, or half of a short one; a hundredth of its life to both sides.
Stretch SimulatedCa::window(const SimulatedCertificate& certificate, Time now) const {
  for (const auto& revocation : revocations_) {
    if (certificate.not_before < revocation.at && revocation.at <= now) return revocation.window;
  }
  const Duration own = certificate.not_after - certificate.not_before;
  const Time middle = certificate.not_after - (own < hours(240) ? own / 2 : own / 3);
  return {middle - own / 100, middle + own / 100};
}

bool SimulatedCa::is_exempt(const Order& order, Time now) {
  const auto found = replaceable_.find(order.replaces);
  if (found == replaceable_.end()) return false;
  const auto window = this->window(found->second, now);
  if (now < window.begin || now > window.end) return false;
  replaceable_.erase(found);
  return true;
}

std::optional<SimulatedCertificate> SimulatedCa::issue(const Order& order, Time now) {
  const auto set = set_of(order.names);
  if (has_limits_) {
    for (const auto& name : order.names) {
      if (failures_.has(name, now)) continue;
      ++hits["failed validations of a name"];
      return std::nullopt;
    }
    if (is_exempt(order, now)) {
      ++exempt;
    } else {
      if (!known_sets_.contains(set)) {
        const bool has_room =
            std::ranges::all_of(order.domains, [&](const std::string& domain) { return domains_.has(domain, now); });
        if (!has_room) {
          ++hits["certificates of a registered domain"];
          return std::nullopt;
        }
        if (!orders_.take("account", now)) {
          ++hits["orders of the account"];
          return std::nullopt;
        }
        for (const auto& domain : order.domains) domains_.take(domain, now);
      }
      if (!same_names_.take(set, now)) {
        ++hits["certificates for the same names"];
        return std::nullopt;
      }
    }
    known_sets_.insert(set);
  }
  replaceable_.erase(order.replaces);
  ++issued;
  const SimulatedCertificate certificate{issued, now, now + life(order.is_short, now)};
  replaceable_.emplace(certificate.number, certificate);
  return certificate;
}

void SimulatedCa::fail_validation(const std::string& name, Time now) {
  failures_.take(name, now);
}

}  // namespace acmed::bench
