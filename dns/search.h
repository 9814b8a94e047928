// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "dns/in_flight.h"
#include "dns/server_policy.h"

namespace acmed::dns {

/// Between the first questions to two servers of a zone, where the answer of one is enough.
constexpr Duration stagger = std::chrono::milliseconds(250);

/// On what terms authoritative servers are asked while a name is being located.
struct Search {
  ServerPolicy policy;
  std::shared_ptr<InFlight::Share> share;                               ///< none: no limit for this one alone
  std::shared_ptr<std::string> step = std::make_shared<std::string>();  ///< what it is waiting for, for people

  /// Whether the resolvers' word will do, so that nobody else is waited for.
  bool may_trust_resolvers() const noexcept { return policy.require == Require::none; }
};

}  // namespace acmed::dns
