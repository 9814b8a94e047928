// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/rights.h"

#include <unistd.h>

#include <algorithm>

#include "base/host_accounts.h"
#include "base/runtime/offload.h"

namespace acmed::control {
namespace {

constexpr Duration longest_known = std::chrono::minutes(1);

bool is_in(const http::Peer::Process& process, std::optional<gid_t> group) {
  return group && (process.group == *group || std::ranges::find(process.groups, *group) != process.groups.end());
}

}  // namespace

Right right_of(const http::Peer::Process& process, const RightGroups& groups) {
  if (process.user == 0 || process.user == ::geteuid() || is_in(process, groups.admin)) return Right::change;
  return is_in(process, groups.view) ? Right::view : Right::none;
}

Task<Right> Rights::of(http::Peer::Process process) {
  if (const auto right = right_of(process, {}); right != Right::none) co_return right;
  auto stamp = stamp_of_groups();
  const auto now = clock_.moment();
  if (!known_since_ || stamp != stamp_ || now - *known_since_ > longest_known) {
    groups_ = co_await offload([] { return RightGroups{find_group("acmed-admin").id, find_group("acmed-view").id}; });
    stamp_ = std::move(stamp);
    known_since_ = now;
  }
  co_return right_of(process, groups_);
}

}  // namespace acmed::control
