// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/orders_under_way.h"

#include <algorithm>

namespace acmed::issue {

Task<OrdersUnderWay::Turn> OrdersUnderWay::turn(std::vector<std::string> names) {
  std::ranges::sort(names);
  std::string key;
  for (const auto& name : names) key += name + " ";
  auto turns = turns_[key].lock();
  if (!turns) {
    const auto forget = [this, key](Semaphore* unused) {
      turns_.erase(key);
      delete unused;
    };
    turns = std::shared_ptr<Semaphore>(new Semaphore(1), forget);
    turns_[key] = turns;
  }
  auto permit = co_await turns->acquire();
  co_return Turn(std::move(turns), std::move(permit));
}

}  // namespace acmed::issue
