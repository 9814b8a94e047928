// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/recording.h"

namespace acmed::keep {

Task<> Recording::perform() {
  co_await kept_.settle_live();
  co_await kept_.save();
  kept_.unrecorded = false;
}

}  // namespace acmed::keep
