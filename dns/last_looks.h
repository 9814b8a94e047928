// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>

#include "base/runtime/single_flight.h"
#include "base/runtime/task.h"
#include "base/time.h"
#include "dns/endpoint.h"

namespace acmed::dns {

/// What the last looks at name servers have shown of the values of one change. A server that shows a change shows the
/// whole of it: those who wait for different names of it need not look each for himself whether all machines at an
/// address have it.
class LastLooks {
 public:
  /// Less than that long after it was seen something need not be seen again.
  static constexpr Duration fresh = std::chrono::seconds(1);

  /// Whether the server shows the change: what was seen a moment ago, or is being looked at by somebody else, or else
  /// what `look` finds, which starts only if needed. This must outlive the call.
  Task<bool> shown(Endpoint server, Task<bool> look);

  /// The server has answered differently at the same time: there are several machines, of which not all have been seen.
  void note_many_machines(const Endpoint& server) { many_machines_.insert(server); }
  bool has_many_machines(const Endpoint& server) const { return many_machines_.contains(server); }

 private:
  struct Server {
    std::optional<Moment> shown;
    SingleFlight<bool> flight;
  };

  static Task<bool> noted(Server* server, Task<bool> look);

  std::map<Endpoint, Server> servers_;
  std::set<Endpoint> many_machines_;
};

}  // namespace acmed::dns
