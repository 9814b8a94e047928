// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/issue/journey_context.h"
#include "daemon/issue/request.h"

namespace acmed::issue {

/// A value, and where the DNS shows it.
struct PlacedValue {
  ZoneValue value;
  dns::Location location;
};

/// The time for which a journey's values are in the DNS, from publishing them to withdrawing them.
class Publication {
 public:
  /// `user`: the certificate. `context` must outlive this.
  Publication(JourneyContext& context, std::string user, Policies policies, std::vector<PlacedValue> values);

  /// Completes when every name server shows all values. Where others may undo them, they are asked for again and again
  /// meanwhile. Throws what the provider threw, and Retry ("dns:propagation").
  Task<> publish(ZoneCoordinator::Announcement announcement);

  /// To be called right before the CA is told: puts back what others may have undone since publish(). At once where
  /// they cannot.
  Task<> confirm();

  Task<> withdraw();

 private:
  Task<> await_published();
  Task<> await_visible(bool settle);
  Task<> keep_asserting(Duration pace);
  std::vector<ZoneValue> all_values() const;
  std::vector<ZoneValue> uncertain_values() const;
  std::optional<Duration> assertion_pace() const;
  std::optional<Duration> assertion_pace_of(const PlacedValue& value) const;

  JourneyContext& context_;
  std::string user_;
  Policies policies_;
  std::vector<PlacedValue> values_;
};

}  // namespace acmed::issue
