// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/crypto/keys.h"
#include "config/routes.h"
#include "daemon/issue/observer.h"
#include "daemon/issue/zones.h"
#include "daemon/store/publisher.h"
#include "daemon/store/store.h"
#include "dns/discovery.h"

namespace acmed::issue {

class AbandonedOrders;
class Revoker;
class RevocationLists;

/// What all journeys share.
struct JourneyContext {
  Loop& loop;
  store::Store& store;
  store::Publisher& publisher;
  dns::Discovery& discovery;
  ZoneCoordinator& zones;
  config::Routes routes;
  Observer& observer = Observer::nobody();
  crypto::Keys& keys = crypto::software_keys();  ///< for the certificates
  Time began{};                                  ///< when this was set up
  Revoker* revoker = nullptr;                    ///< null: nothing can be revoked
  RevocationLists* revocation_lists = nullptr;   ///< null: nobody looks whether certificates are revoked
  AbandonedOrders* abandoned = nullptr;          ///< null: what is given up is left to expire
  bool ends_when_done = false;  ///< the process does what is due and ends: nothing can be put off to spread it
};

}  // namespace acmed::issue
