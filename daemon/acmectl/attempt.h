// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "daemon/acmectl/api.h"

namespace acmed::acmectl {

/// What a running daemon has made of it.
struct Attempted {
  std::size_t certificates = 0;       ///< that were meant
  std::vector<std::string> troubles;  ///< what is wrong afterwards, one sentence each
};

/// Has the running daemon do all that is due, and try at once what failed: for the certificates `names`, or for all
/// when there are none. Waits until that has ended. Throws Retry (no_daemon), Refusal.
Task<Attempted> attempt_all(Api* api, std::vector<std::string> names, bool force);

}  // namespace acmed::acmectl
