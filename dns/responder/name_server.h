// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/runtime/loop.h"
#include "dns/responder/connections.h"
#include "dns/responder/datagrams.h"
#include "dns/responder/rate_limiter.h"
#include "dns/responder/sockets.h"
#include "dns/responder/zones.h"

namespace acmed::dns::responder {

struct Settings {
  std::vector<Endpoint> listen;  ///< empty: on all sockets from the service manager
  std::vector<ZoneSettings> zones;
  unsigned responses_per_second = 0;  ///< to one network (RateLimiter); 0: unlimited
};

/// An authoritative name server for a few zones of our own, on UDP and TCP: starts with configure() and stops when
/// destroyed. It knows no other zones and does not recurse.
class NameServer {
 public:
  /// `name`: how its log lines begin, "provider here".
  NameServer(Loop& loop, std::string name);
  ~NameServer();
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  /// Switches to `settings`. Sockets that are still wanted stay open; values in zones that are still ours are kept. A
  /// socket that cannot be opened is logged and retried.
  void configure(const Settings& settings);

  /// Opens the sockets that are still missing. Throws Retry ("listen:EACCES", ...) unless all of them are open then.
  void listen();

  const Zones& zones() const noexcept { return zones_; }
  /// For changes; finish them with commit().
  Zones& zones() noexcept { return zones_; }
  void commit();

  /// Where it is listening at the moment.
  std::vector<Listening> listening() const;

 private:
  std::vector<Listening> wanted(const std::vector<InheritedSocket>& inherited) const;
  void open(const Listening& listening, const std::vector<InheritedSocket>& inherited);
  void try_to_listen() noexcept;
  std::uint32_t serial_now() const;

  Loop& loop_;
  std::string name_;
  std::vector<Endpoint> listen_;
  Zones zones_;
  RateLimiter limiter_{0};
  Cookies cookies_;
  std::shared_ptr<Datagrams::Batch> batch_;
  Connections connections_;
  std::map<Listening, std::unique_ptr<Datagrams>> datagrams_;
  std::map<Listening, std::unique_ptr<Connections::Listener>> listeners_;
  std::string last_trouble_;
  Loop::Timer next_try_;
};

}  // namespace acmed::dns::responder
