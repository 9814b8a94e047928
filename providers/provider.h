// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "dns/name.h"

namespace acmed::providers {

enum class Action { add, remove };

/// One change of one TXT value. Several values may share a name: `example.test` and `*.example.test` are both proved at
/// `_acme-challenge.example.test`, so a change never speaks of the whole set.
struct TxtChange {
  Action action = Action::add;
  dns::Name name;
  std::string value;           ///< unquoted, at most 255 octets
  std::chrono::seconds ttl{};  ///< a wish; an operator may raise it to its own minimum
};

/// A zone as its operator knows it.
struct Zone {
  dns::Name apex;
  std::string id;  ///< the operator's own name for it; empty where it has none

  friend auto operator<=>(const Zone&, const Zone&) = default;
};

/// Changes TXT records at one DNS operator.
class Provider {
 public:
  virtual ~Provider() = default;

  /// The operator's zone that holds `name`, or nothing when it has none. Throws Error.
  virtual Task<std::optional<Zone>> zone_of(dns::Name name) = 0;

  /// Makes all `changes` in `zone`, in one transaction where the operator has one. Adding what is there and removing
  /// what is not there both succeed; foreign values at the same names stay. Returns when the operator accepted, long
  /// before every server shows it. Throws Error: whatever it is, each change was either made or not, and may be asked
  /// for again.
  virtual Task<> apply(Zone zone, std::vector<TxtChange> changes) = 0;
};

}  // namespace acmed::providers
