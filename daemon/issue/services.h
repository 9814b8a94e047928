// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/routes.h"
#include "daemon/issue/observer.h"
#include "daemon/issue/zones.h"
#include "daemon/store/store.h"
#include "dns/discovery.h"

namespace acmed::issue {

/// What all journeys share.
struct Services {
  Loop& loop;
  store::Store& store;
  dns::Discovery& discovery;
  ZoneCoordinator& zones;
  config::Routes routes;
  Observer& observer = nobody();

  /// An observer for those who want none.
  static Observer& nobody() {
    static Observer silent;
    return silent;
  }
};

}  // namespace acmed::issue
