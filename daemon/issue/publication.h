// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/issue/journey_context.h"
#include "daemon/issue/request.h"

namespace acmed::issue {

/// A value and where the DNS shows it.
struct PlacedValue {
  ZoneValue value;
  dns::Location location;
  bool stays = false;                ///< in the DNS when the journey is over
  bool stands = false;               ///< published by an earlier journey: it is added only where it is gone
  std::optional<Time> expires = {};  ///< when the CA no longer wants to see it
};

/// The time during which a journey's values are in the DNS, from publishing to withdrawing them.
class Publication {
 public:
  /// `user`: the certificate. `context` must outlive this.
  Publication(JourneyContext& context, std::string user, Policies policies, std::vector<PlacedValue> values);

  /// Completes when every name server shows all values; those that stand already cost no change. Where others may undo
  /// them, they are asserted again at intervals meanwhile; and wherever a name server that had shown them shows them no
  /// longer. Throws the provider's failure, and Retry ("dns:propagation"), also when the CA's authorization is about to
  /// expire.
  Task<> publish(ZoneCoordinator::Announcement announcement);

  /// Names at which the provider refused the values: as far as is known, they were never in the DNS.
  const std::set<dns::Name>& refused() const noexcept { return refused_; }

  /// Call right before the CA is told to validate: restores what others may have undone since publish(). Returns at
  /// once where they cannot.
  Task<> confirm();

  /// Those that are not to stay.
  Task<> withdraw();

 private:
  Task<> recognize();
  std::map<std::string, std::vector<dns::Expected>> expected(bool standing_alone) const;
  std::optional<Time> end() const;
  Task<> add(ZoneCoordinator::Announcement announcement);
  void note_refused(const std::exception_ptr& failure);
  Task<> await_published();
  Task<> await_visible(bool settle);
  Task<> timed(std::string provider, Task<> wait);
  bool is_watched() const;
  void note(const std::string& provider, const std::vector<dns::ServerReport>& reports);
  std::vector<dns::ServerReport> all_reports() const;
  Task<> keep_telling();
  Task<> keep_asserting();
  Task<> next_loss();
  template <class Predicate>
  std::vector<ZoneValue> values_if(Predicate predicate) const;
  std::vector<ZoneValue> all_values() const;
  std::vector<ZoneValue> uncertain_values() const;
  std::optional<Duration> assertion_pace() const;
  std::optional<Duration> assertion_pace_of(const PlacedValue& value) const;

  JourneyContext& context_;
  std::string user_;
  Policies policies_;
  std::vector<PlacedValue> values_;
  std::map<std::string, std::vector<dns::ServerReport>> reports_;  ///< what was said last, by provider
  bool are_lost_ = false;                                          ///< some name server shows values no longer
  Waiters lost_;
  ZoneCoordinator::PublishedBy published_by_;
  std::set<dns::Name> refused_;
};

}  // namespace acmed::issue
