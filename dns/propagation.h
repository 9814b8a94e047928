// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/runtime/task.h"
#include "dns/discovery.h"

namespace acmed::dns {

/// How much of the DNS must show a value before the CA is told to validate.
enum class Require { all, quorum, none };

struct PropagationPolicy {
  Duration timeout = std::chrono::minutes(10);
  Duration settle{};                                 ///< extra wait after the last server was ready
  Duration interval_max = std::chrono::seconds(15);  ///< the longest pause between two queries to one server
  Require require = Require::all;
  std::vector<Endpoint> exclude;  ///< not queried (port ignored)
  std::vector<Endpoint> extra;    ///< queried in addition: hidden secondaries
  friend bool operator==(const PropagationPolicy&, const PropagationPolicy&) = default;
};

/// What must be visible at one name.
struct Expected {
  Location location;
  std::vector<std::string> values;
};

/// What one server last said about one name.
struct ServerReport {
  Server server;
  Name name;
  bool ready = false;
  /// "all values", "1 of 2 values", "NXDOMAIN", "no answer", "REFUSED", "not authoritative" ...
  std::string last_answer;
};

/// Receives all reports whenever one of them changes.
using PropagationReport = std::function<void(const std::vector<ServerReport>&)>;

/// Completes when every server shows every value: all servers and names at the same time; each server is
/// queried again after a sixteenth of the time waited so far, at least 20 ms and at most `interval_max`. Under
/// Require::all, a server that is lame (REFUSED, SERVFAIL, not authoritative) or unreachable holds the wait up until
/// the timeout; an address family is skipped as long as this host has a route to none of its servers and none of them
/// has answered. A server without an address (Delegations) counts as never ready. `report` is called whenever a
/// server's report changes. Throws Retry ("dns:propagation") at the timeout, or when only servers without an address
/// are left, naming each lagging server and what it last said.
Task<> await_propagation(std::vector<Expected> expected, PropagationPolicy policy, PropagationReport report);

}  // namespace acmed::dns
