// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/time.h"

namespace acmed::bench {

/// A stretch of time.
struct Stretch {
  Time begin;
  Time end;
  bool holds(Time time) const { return begin <= time && time < end; }
};

/// Tokens that come back evenly: counted here in another way than by acmed, whose model this is the judge of.
class Tokens {
 public:
  Tokens(double most, Duration window) : most_(most), per_nanosecond_(most / static_cast<double>(window.count())) {}
  /// Whether there was one.
  bool take(const std::string& key, Time now);
  bool has(const std::string& key, Time now);

 private:
  struct Store {
    double left;
    Time since;
  };
  Store& at(const std::string& key, Time now);
  double most_;
  double per_nanosecond_;
  std::unordered_map<std::string, Store> stores_;
};

/// What it issued.
struct SimulatedCertificate {
  std::uint64_t number = 0;
  Time not_before{};
  Time not_after{};
};

/// A CA with Let's Encrypt's published limits, windows (RFC 9773) and lives, or one without limits.
class SimulatedCa {
 public:
  struct Order {
    std::vector<std::string> names;
    std::vector<std::string> domains;
    std::uint64_t replaces = 0;  ///< the number of a certificate; 0 for none
    bool is_short = false;       ///< of six days
  };
  /// A day on which it wants all certificates of before to be replaced.
  struct Revocation {
    Time at;
    Stretch window;
  };

  SimulatedCa(bool has_limits, std::vector<Stretch> outages) : has_limits_(has_limits), outages_(std::move(outages)) {}

  bool is_down(Time now) const;
  void revoke_all(Revocation revocation) { revocations_.push_back(revocation); }

  /// Nothing when it is refused by a limit; which one is counted in `hits`.
  std::optional<SimulatedCertificate> issue(const Order& order, Time now);
  void fail_validation(const std::string& name, Time now);
  Stretch window(const SimulatedCertificate& certificate, Time now) const;

  std::map<std::string, std::uint64_t> hits;
  std::uint64_t issued = 0;
  std::uint64_t exempt = 0;  ///< of these, that counted against no limit

 private:
  bool is_exempt(const Order& order, Time now);
  static Duration life(bool is_short, Time now);

  bool has_limits_;
  std::vector<Stretch> outages_;
  std::vector<Revocation> revocations_;
  Tokens orders_{300, std::chrono::hours(3)};
  Tokens same_names_{5, std::chrono::hours(24 * 7)};
  Tokens domains_{50, std::chrono::hours(24 * 7)};
  Tokens failures_{5, std::chrono::hours(1)};
  std::unordered_set<std::string> known_sets_;
  std::unordered_map<std::uint64_t, SimulatedCertificate> replaceable_;
};

}  // namespace acmed::bench
