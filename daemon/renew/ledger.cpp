// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/ledger.h"

namespace acmed::renew {

Task<> Ledger::load() {
  closed_until_ = co_await store_.load_ledger();
}

std::optional<Time> Ledger::closed_until(const std::string& directory_url) const {
  const auto found = closed_until_.find(directory_url);
  if (found == closed_until_.end() || found->second <= clock_.now()) return std::nullopt;
  return found->second;
}

Task<> Ledger::learn(std::string directory_url, Error error) {
  const bool whole_ca = error.cause() == "http:429" || error.cause() == "http:503";
  if (!whole_ca || !error.not_before() || *error.not_before() <= clock_.now()) co_return;
  std::erase_if(closed_until_, [this](const auto& entry) { return entry.second <= clock_.now(); });
  closed_until_[directory_url] = *error.not_before();
  co_await store_.save_ledger(closed_until_);
}

}  // namespace acmed::renew
