// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "base/runtime/event.h"
#include "base/runtime/task.h"
#include "dns/endpoint.h"

namespace acmed::dns {

/// Bounds how many exchanges are under way: per server, so that a burst does not overflow its receive buffer, and fewer
/// until it has answered, so that some dead ones hold up no other; and in all, so that descriptors do not run out.
class InFlight {
  struct PerServer;

 public:
  /// A place among them, given back when it ends.
  class [[nodiscard]] Place {
   public:
    /// The server is alive: it may be asked more at once, as long as it is being asked.
    void answered();

   private:
    friend class InFlight;
    std::shared_ptr<PerServer> server;  // outlives its permit
    Semaphore::Permit of_server;
    Semaphore::Permit of_all;
  };

  /// The one of this thread, which all share.
  static InFlight& here();

  /// Waits for a place, first come first served.
  Task<Place> enter(Endpoint server);

 private:
  std::shared_ptr<PerServer> server_at(const Endpoint& endpoint);

  static constexpr std::size_t most_per_silent_server = 16;
  static constexpr std::size_t most_per_server = 64;
  static constexpr std::size_t most_in_all = 512;

  struct PerServer {
    Semaphore places{most_per_silent_server};
    bool has_answered = false;
  };

  Semaphore all_{most_in_all};
  std::map<Endpoint, std::weak_ptr<PerServer>> servers_;
};

}  // namespace acmed::dns
