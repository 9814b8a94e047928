// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "base/runtime/event.h"
#include "base/runtime/task.h"
#include "dns/endpoint.h"

namespace acmed::dns {

/// Bounds how many exchanges are under way: per server, so that a burst does not overflow its receive buffer and a dead
/// one holds up no other, and in all, so that descriptors do not run out.
class InFlight {
 public:
  /// A place among them, given back when it ends.
  class [[nodiscard]] Place {
   private:
    friend class InFlight;
    std::shared_ptr<Semaphore> server;  // outlives its permit
    Semaphore::Permit of_server;
    Semaphore::Permit of_all;
  };

  /// The one of this thread, which all share.
  static InFlight& here();

  /// Waits for a place, first come first served.
  Task<Place> enter(Endpoint server);

 private:
  std::shared_ptr<Semaphore> semaphore_of(const Endpoint& server);

  static constexpr std::size_t most_per_server = 64;
  static constexpr std::size_t most_in_all = 512;

  Semaphore all_{most_in_all};
  std::map<Endpoint, std::weak_ptr<Semaphore>> servers_;
};

}  // namespace acmed::dns
