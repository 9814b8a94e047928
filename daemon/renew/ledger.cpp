// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"

namespace acmed::renew {

Task<> Ledger::load() {
  try {
    closed_until_ = co_await store_.load_ledger();
  } catch (const Error& error) {
    log::error(fmt::format("which CAs asked for a pause is not known: {}", error.what()));
  }
}

std::optional<Time> Ledger::closed_until(const std::string& directory_url) const {
  const auto found = closed_until_.find(directory_url);
  if (found == closed_until_.end() || found->second <= clock_.now()) return std::nullopt;
  return found->second;
}

Task<> Ledger::learn(std::string directory_url, std::exception_ptr failure) {
  std::optional<Time> asked_for;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    const bool about_all = error.cause() == "http:429" || error.cause() == "http:503";
    if (error.party() == Party::ca && about_all) asked_for = error.not_before();
  } catch (const std::exception&) {
    co_return;
  }
  if (!asked_for || *asked_for <= clock_.now()) co_return;
  std::erase_if(closed_until_, [this](const auto& entry) { return entry.second <= clock_.now(); });
  auto& until = closed_until_[directory_url];
  until = std::max(until, *asked_for);
  co_await store_.save_ledger(closed_until_);
}

}  // namespace acmed::renew
