// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "providers/route53/api.h"
#include "providers/route53/record_set.h"

namespace acmed::providers::route53 {

/// All that stands at a name, as far as it matters to records of one type there.
struct Records {
  TxtSet set;
  bool alias = false;      ///< a CNAME: nothing else may stand there
  bool delegated = false;  ///< NS below the apex: what is written there nobody sees
  bool routed = false;     ///< some that belong to a routing policy, beside which no simple ones may stand
};

/// What stands at each of `names` in `zone`. Takes as few calls as the listing of Route 53 allows: its pages go on from
/// a name in its order, so a page that begins at one name tells of all that follow it within the page.
Task<std::map<dns::Name, Records>> read_records(Api* api, Zone zone, std::set<dns::Name> names,
                                                dns::Type type = dns::Type::txt);

}  // namespace acmed::providers::route53
