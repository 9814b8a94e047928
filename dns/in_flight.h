// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "base/runtime/event.h"
#include "base/runtime/task.h"
#include "dns/endpoint.h"

namespace acmed::dns {

/// Limits the exchanges in flight: for each server, so that a burst does not overflow its receive buffer, and more
/// strictly until it has answered, so that a few dead servers delay no others; for each certificate, so that one whose
/// servers keep silent leaves room for the others; and in total, so that descriptors do not run out.
class InFlight {
  struct PerServer;

  static constexpr std::size_t most_per_silent_server = 16;
  static constexpr std::size_t most_per_server = 64;
  static constexpr std::size_t most_per_share = 64;
  static constexpr std::size_t most_in_all = 512;

 public:
  /// What one certificate may have in flight at a time. Shared by all that is asked for it.
  class Share {
    friend class InFlight;
    Semaphore places{most_per_share};
  };

  /// A slot, released when destroyed.
  class [[nodiscard]] Place {
   public:
    /// The server is alive: it may have more exchanges at once, for as long as it is in use.
    void answered();

   private:
    friend class InFlight;
    std::shared_ptr<PerServer> server;  // outlives its permit
    std::shared_ptr<Share> share;
    Semaphore::Permit of_server;
    Semaphore::Permit of_share;
    Semaphore::Permit of_all;
  };

  /// This thread's instance, shared by all.
  static InFlight& here();

  /// Waits for a slot, first come first served. Without a `share` the other limits alone count.
  Task<Place> enter(Endpoint server, std::shared_ptr<Share> share);

 private:
  std::shared_ptr<PerServer> server_at(const Endpoint& endpoint);

  struct PerServer {
    Semaphore places{most_per_silent_server};
    bool has_answered = false;
  };

  Semaphore all_{most_in_all};
  std::map<Endpoint, std::weak_ptr<PerServer>> servers_;
};

}  // namespace acmed::dns
