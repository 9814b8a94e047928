// SPDX-License-Identifier: Apache-2.0
#include "dns/in_flight.h"

namespace acmed::dns {

InFlight& InFlight::here() {
  // What is bounded belongs to the process, and one thread does all exchanges.
  thread_local InFlight in_flight;
  return in_flight;
}

Task<InFlight::Place> InFlight::enter(Endpoint server, std::shared_ptr<Share> share) {
  Place place;
  place.server = server_at(server);
  place.of_server = co_await place.server->places.acquire();
  // After the server's: whoever waits for a silent server keeps nobody of the same certificate from another one.
  if (share) {
    place.share = std::move(share);
    place.of_share = co_await place.share->places.acquire();
  }
  place.of_all = co_await all_.acquire();
  co_return place;
}

void InFlight::Place::answered() {
  if (std::exchange(server->has_answered, true)) return;
  // A permit that nobody had to acquire makes room for one more when it ends.
  for (auto room = most_per_silent_server; room < most_per_server; ++room) Semaphore::Permit(server->places).release();
}

std::shared_ptr<InFlight::PerServer> InFlight::server_at(const Endpoint& endpoint) {
  if (auto known = servers_[endpoint].lock()) return known;
  std::erase_if(servers_, [](const auto& entry) { return entry.second.expired(); });
  auto made = std::make_shared<PerServer>();
  servers_[endpoint] = made;
  return made;
}

}  // namespace acmed::dns
