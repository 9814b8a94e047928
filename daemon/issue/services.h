// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/issue/observer.h"
#include "daemon/issue/zones.h"
#include "daemon/store/publisher.h"
#include "daemon/store/store.h"
#include "dns/discovery.h"

namespace acmed::issue {

/// A name and all below it are served by that provider.
struct Route {
  dns::Name zone;
  std::string provider;
  bool by_alias = false;               ///< by way of aliases into the provider's zones ("delegated")
  bool holds_only_challenges = false;  ///< nothing else is in that zone, so that an alias into it is meant for them
};

/// What all journeys share.
struct Services {
  Loop& loop;
  store::Store& store;
  store::Publisher& publisher;
  dns::Discovery& discovery;
  ZoneCoordinator& zones;
  std::vector<Route> routes;  ///< the longest zone wins
  Observer& observer = nobody();

  /// An observer for those who want none.
  static Observer& nobody() {
    static Observer silent;
    return silent;
  }
};

}  // namespace acmed::issue
