// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/recording.h"

namespace acmed::keep {

Task<> Recording::perform() {
  co_await kept_.settle_live();
  co_await kept_.save();
  co_await kept_.grant_key();
  kept_.unrecorded = false;
}

Task<> Recording::save() {
  try {
    co_await kept_.save();
  } catch (const Error&) {
    kept_.unrecorded = true;
    meet(std::current_exception());
  }
}

}  // namespace acmed::keep
