// SPDX-License-Identifier: Apache-2.0
#include "dns/in_flight.h"

namespace acmed::dns {

InFlight& InFlight::here() {
  // What is bounded belongs to the process, and one thread does all exchanges.
  thread_local InFlight in_flight;
  return in_flight;
}

Task<InFlight::Place> InFlight::enter(Endpoint server) {
  Place place;
  place.server = semaphore_of(server);
  place.of_server = co_await place.server->acquire();
  place.of_all = co_await all_.acquire();
  co_return place;
}

std::shared_ptr<Semaphore> InFlight::semaphore_of(const Endpoint& server) {
  if (auto known = servers_[server].lock()) return known;
  std::erase_if(servers_, [](const auto& entry) { return entry.second.expired(); });
  auto made = std::make_shared<Semaphore>(most_per_server);
  servers_[server] = made;
  return made;
}

}  // namespace acmed::dns
