// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "dns/discovery.h"
#include "dns/last_looks.h"
#include "dns/message.h"
#include "dns/server_policy.h"

namespace acmed::dns {

/// The cause of the failure of await_propagation() at its timeout.
inline constexpr const char* not_propagated = "dns:propagation";

/// How long, and of whom, to ask whether values are visible.
struct PropagationPolicy : ServerPolicy {
  Duration timeout = std::chrono::minutes(10);
  Duration settle{};                                 ///< extra wait after the last server was ready
  Duration interval_max = std::chrono::seconds(15);  ///< the longest pause between two queries to one server

  /// What holds for finding the servers, too.
  const ServerPolicy& servers() const noexcept { return *this; }

  friend bool operator==(const PropagationPolicy&, const PropagationPolicy&) = default;
};

/// What must be visible at one name.
struct Expected {
  Location location;
  std::vector<std::string> values;
  /// Shared by all whose values were published by one change that name servers take as a whole; null for others.
  std::shared_ptr<LastLooks> change = nullptr;
};

/// What one server last said about one name.
struct ServerReport {
  Server server;
  Name name;
  bool ready = false;
  /// "all values", "1 of 2 values", "NXDOMAIN", "no answer by UDP and TCP", "REFUSED", "not authoritative" ...
  std::string last_answer;
  bool passed_over = false;  ///< not waited for: this host has no route to its address family
  std::string beside{};      ///< values of others at the name, for people: "\"v1\", \"v2\" and 3 more"; empty for none
};

/// Receives all reports whenever one of them changes.
using PropagationReport = std::function<void(const std::vector<ServerReport>&)>;

/// Called when a server that had shown all values shows them no longer: somebody may have removed them.
using ValuesLost = std::function<void()>;

/// Completes when every server shows every value: all servers and names at the same time; each server is
/// queried again after a twentieth of the time waited so far, at least 20 ms and at most `interval_max`. One that is
/// ready is queried again as well, more rarely; and when all are, several times at once from different ports, since
/// there may be more than one machine at an address; of those who wait for one change one does so for all. Under
/// Require::all, a server that is lame (REFUSED, SERVFAIL, not authoritative) or unreachable holds the wait up until
/// the timeout; an address family is skipped as long as this host has a route to none of its servers and none of them
/// has answered. A server without an address (Delegations) counts as never ready. Less than 1,000 packets a minute
/// leave for one name. `report` is called whenever a server's report changes. Throws Retry ("dns:propagation") at the
/// timeout, or when only servers without an address are left, naming each lagging server and what it last said. `type`:
/// of the records, TXT or TLSA.
Task<> await_propagation(std::vector<Expected> expected, PropagationPolicy policy, PropagationReport report,
                         ValuesLost lost = {}, Type type = Type::txt);

}  // namespace acmed::dns
