// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/owner_rights.h"

#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/host_accounts.h"

namespace acmed::deploy {
namespace {

// The C library's setgroups() is about all threads.
#ifdef SYS_setgroups32
constexpr long set_groups_call = SYS_setgroups32;
#else
constexpr long set_groups_call = SYS_setgroups;
#endif

bool set_groups_of_thread(const std::vector<gid_t>& groups) {
  return ::syscall(set_groups_call, groups.size(), groups.data()) == 0;
}

/// These two tell no error: the value that cannot be set tells what is set.
bool set_user_of_thread(uid_t user) {
  ::setfsuid(user);
  return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) == user;
}

bool set_group_of_thread(gid_t group) {
  ::setfsgid(group);
  return static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1))) == group;
}

std::vector<gid_t> groups_of_process() {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const auto count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return groups;
}

}  // namespace

OwnerRights::OwnerRights(const struct stat& folder) {
  if (::geteuid() != 0 || folder.st_uid == 0) return;
  const auto group = group_of_user(folder.st_uid).value_or(folder.st_gid);
  own_groups_ = groups_of_process();
  taken_ = true;
  if (set_groups_of_thread({}) && set_group_of_thread(group) && set_user_of_thread(folder.st_uid)) return;
  give_back();
  taken_ = false;
  throw Refused(
      "deploy:rights",
      fmt::format("cannot take the rights of the user {}, to whom the folder belongs: acmed runs as root, but "
                  "without the capabilities CAP_SETUID and CAP_SETGID",
                  name_of_user(folder.st_uid)));
}

OwnerRights::~OwnerRights() {
  if (taken_) give_back();
}

void OwnerRights::give_back() noexcept {
  const bool has_user = set_user_of_thread(::geteuid());
  const bool has_group = set_group_of_thread(::getegid());
  // A thread with the rights of somebody else must not go on to other work.
  if (!has_user || !has_group || !(set_groups_of_thread(own_groups_) || own_groups_ == groups_of_process()))
    std::abort();
}

}  // namespace acmed::deploy
