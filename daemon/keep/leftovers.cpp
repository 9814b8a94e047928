// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/leftovers.h"

namespace acmed::keep {

Task<> Leftovers::perform() {
  issue::Journey journey(kept_.context, kept_.wanted.request, kept_.state);
  co_await journey.withdraw_leftovers();
}

}  // namespace acmed::keep
