// SPDX-License-Identifier: Apache-2.0
#include "dns/last_looks.h"

#include <utility>

namespace acmed::dns {

Task<bool> LastLooks::shown(Endpoint server, Task<bool> look) {
  const auto here = co_await context();
  auto& known = servers_[std::move(server)];
  if (known.shown && here.loop->clock().moment() - *known.shown < fresh) co_return true;
  co_return co_await known.flight.join(noted(&known, std::move(look)));
}

Task<bool> LastLooks::noted(Server* server, Task<bool> look) {
  const bool is_shown = co_await std::move(look);
  const auto here = co_await context();
  server->shown.reset();
  if (is_shown) server->shown = here.loop->clock().moment();
  co_return is_shown;
}

}  // namespace acmed::dns
