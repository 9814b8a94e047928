// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/owner.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <vector>

#include "base/error.h"

namespace acmed::deploy {
namespace {

/// Enough for groups of some thousand members.
constexpr std::size_t entry_size = 262144;

}  // namespace

Owner find_owner(const config::Target& target) {
  Owner owner;
  std::vector<char> buffer(entry_size);
  if (target.owner) {
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(target.owner->c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) throw Refused("deploy:owner", fmt::format("this host has no user \"{}\"", *target.owner));
    owner.user = entry.pw_uid;
  }
  if (target.group) {
    group entry{};
    group* found = nullptr;
    ::getgrnam_r(target.group->c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) throw Refused("deploy:owner", fmt::format("this host has no group \"{}\"", *target.group));
    owner.group = entry.gr_gid;
  }
  return owner;
}

}  // namespace acmed::deploy
