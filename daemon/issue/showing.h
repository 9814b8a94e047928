// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/issue/services.h"
#include "dns/propagation.h"

namespace acmed::issue {

/// A value, and where the DNS shows it.
struct PlacedValue {
  ZoneValue value;
  dns::Location location;
};

/// How long and where to look, by provider.
using Policies = std::map<std::string, dns::PropagationPolicy>;

/// The time for which a journey's values are in the DNS, from publishing them to withdrawing them.
class Showing {
 public:
  /// `user`: the certificate. `services` must outlive this.
  Showing(Services& services, std::string user, Policies policies, std::vector<PlacedValue> values);

  /// Completes when every name server shows all values. Where others may undo them, they are asked for again and again
  /// meanwhile. Throws what the provider threw, and Retry ("dns:propagation").
  Task<> begin(ZoneCoordinator::Approach approach);

  /// To be called right before the CA is told: puts back what others may have undone since begin(). At once where they
  /// cannot.
  Task<> reassure();

  Task<> end();

 private:
  Task<> await_published();
  Task<> await_visible(bool settle);
  Task<> keep_asserting(Duration pace);
  std::vector<ZoneValue> all_values() const;
  std::vector<ZoneValue> uncertain_values() const;
  std::optional<Duration> assertion_pace() const;
  std::optional<Duration> assertion_pace_of(const PlacedValue& value) const;

  Services& services_;
  std::string user_;
  Policies policies_;
  std::vector<PlacedValue> values_;
};

}  // namespace acmed::issue
