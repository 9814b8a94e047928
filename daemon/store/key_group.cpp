// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/key_group.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/host_accounts.h"

namespace acmed::store {
namespace {

// A remote name service does not tell of changes.
constexpr Duration longest_known = std::chrono::seconds(10);

/// Only a member, or root, may assign files to a group.
bool may_assign(gid_t group) {
  if (::geteuid() == 0 || ::getegid() == group) return true;
  std::vector<gid_t> own(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const auto count = ::getgroups(static_cast<int>(own.size()), own.data());
  own.resize(static_cast<std::size_t>(std::max(count, 0)));
  return std::ranges::find(own, group) != own.end();
}

std::optional<gid_t> find_usual_group() {
  const auto found = find_group(usual_key_group);
  return found.id && may_assign(*found.id) ? found.id : std::nullopt;
}

gid_t find_named_group(const std::string& name) {
  const auto found = find_group(name);
  if (found.id) return *found.id;
  if (found.error != 0) {
    throw Retry("live:group", system_error_sentence(fmt::format("look up the group \"{}\"", name), found.error));
  }
  throw Refused("live:group", fmt::format("this host has no group \"{}\" any more, whose members are to read the key: "
                                          "make it again, or name another as `group`",
                                          name));
}

}  // namespace

std::filesystem::path group_folder(const std::filesystem::path& state_directory, gid_t group) {
  return state_directory / "groups" / std::to_string(group);
}

std::optional<gid_t> KeyGroups::find(const KeyGroup& group) {
  const std::lock_guard guard(lock_);
  auto stamp = stamp_of_groups();
  const Moment now = HostClock().moment();
  if (stamp != stamp_ || now - since_ > longest_known) {
    found_.clear();
    stamp_ = std::move(stamp);
    since_ = now;
  }
  const auto known = found_.find(group);
  if (known != found_.end()) return known->second;
  const auto number = group ? find_named_group(*group) : find_usual_group();
  found_.emplace(group, number);
  return number;
}

}  // namespace acmed::store
