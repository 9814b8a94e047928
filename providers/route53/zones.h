// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>
#include <vector>

#include "dns/discovery.h"
#include "dns/lookups.h"
#include "providers/provider.h"
#include "providers/route53/api.h"

namespace acmed::providers::route53 {

/// The public hosted zones of the account. What was found is kept for a minute.
class Zones {
 public:
  /// `api` and `discovery` must outlive this.
  Zones(const Loop& loop, Api& api, dns::Discovery& discovery)
      : api_(api), discovery_(discovery), all_(loop.clock()), chosen_(loop.clock()) {}

  /// The zone of the longest name that `name` is in, or the one called `in_dns` when there is such a zone: a longer one
  /// is left over, which nobody delegates. Of several zones of that name, it is the one to which the DNS leads; throws
  /// Refused when that is none of them, or cannot be told.
  Task<std::optional<Zone>> of(dns::Name name, dns::Name in_dns);

  /// All of them.
  Task<std::vector<Zone>> all() { return all_.get({}, list()); }

  /// Asks for one zone, whichever: a call that shows whether the credentials are good.
  Task<> probe();

 private:
  Purpose listing() const;
  Task<std::vector<Zone>> list();
  Task<Zone> choose(std::vector<Zone> candidates);
  Task<std::vector<dns::Name>> name_servers(Zone zone);

  Api& api_;
  dns::Discovery& discovery_;
  dns::Lookups<std::monostate, std::vector<Zone>> all_;
  dns::Lookups<dns::Name, Zone> chosen_;  ///< by apex, where several zones have it
};

/// "zone example.com (Z111)"
std::string text_of(const Zone& zone);

/// Where the sets of records of `zone` are read and changed.
std::string sets_path(const Zone& zone);

}  // namespace acmed::providers::route53
