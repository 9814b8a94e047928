// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "base/runtime/task.h"

namespace acmed::providers {

/// Sends `items` by `send`, which makes all that it is given or nothing. A batch that is refused is sent again in two
/// halves, and so on, so that in the end all is made but those that are refused alone: these it gives, with why.
///
/// `send` is called with a vector of items, one at least, and gives the Refusal or nothing
/// (Task<std::optional<Refusal>>). What concerns all items alike it throws: that ends it.
template <class Refusal, class Item, class Send>
Task<std::vector<std::pair<Item, Refusal>>> send_by_halves(std::vector<Item> items, Send send) {
  std::vector<std::pair<Item, Refusal>> refused;
  std::vector<std::vector<Item>> waiting;  // the next one stands last
  if (!items.empty()) waiting.push_back(std::move(items));
  while (!waiting.empty()) {
    const auto batch = std::move(waiting.back());
    waiting.pop_back();
    auto refusal = co_await send(batch);
    if (!refusal) continue;
    if (batch.size() == 1) {
      refused.emplace_back(batch.front(), *std::move(refusal));
      continue;
    }
    const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    waiting.emplace_back(middle, batch.end());
    waiting.emplace_back(batch.begin(), middle);
  }
  co_return refused;
}

}  // namespace acmed::providers
