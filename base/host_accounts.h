// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace acmed {

/// The answer of the host's name service about a name.
template <class Id>
struct HostAccount {
  std::optional<Id> id;  ///< none: no such account, or the name service failed
  int error = 0;         ///< errno when the name service failed; 0 when it answered
};

/// `name` may also be a number, as chown(1) takes it: files for a container belong to accounts that the host does not
/// know. Blocks: the name service may be slow or remote.
HostAccount<uid_t> find_user(const std::string& name);
HostAccount<gid_t> find_group(const std::string& name);

/// Another one when the host's own groups, /etc/group, have changed. A remote name service does not show here.
std::vector<long long> stamp_of_groups();

/// The name of a user or group, or the number when the host knows no name for it; both forms are valid for chown and
/// chgrp. Blocks.
std::string name_of_user(uid_t user);
std::string name_of_group(gid_t group);

/// The user's primary group; nothing when the host does not know the user. Blocks.
std::optional<gid_t> group_of_user(uid_t user);

}  // namespace acmed
