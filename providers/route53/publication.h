// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "providers/provider.h"
#include "providers/route53/api.h"

namespace acmed::providers::route53 {

/// Follows changes until all servers of Route 53 have them.
class Publication {
 public:
  /// `api` must outlive this.
  Publication(const Loop& loop, Api& api);
  ~Publication();

  /// Route 53 accepted the change `id` ("/change/C111") of `zone`.
  void accepted(const Zone& zone, const std::string& id);

  /// Completes when all changes of `zone` accepted so far are in sync. All who wait share the questions. Throws Error.
  Task<> await(Zone zone);

 private:
  struct ZoneChanges;

  Task<> ask_for_oldest(Zone zone, ZoneChanges* changes);
  Task<bool> is_in_sync(Zone zone, std::string id);

  const Clock& clock_;
  Api& api_;
  std::map<Zone, std::unique_ptr<ZoneChanges>> zones_;
};

}  // namespace acmed::providers::route53
