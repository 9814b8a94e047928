// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>
#include <vector>

namespace acmed::files {

/// Who may write a file or folder by its access control list (acl(5)), besides its owner and everybody. Where there is
/// such a list, the group bits of the mode are the most that it gives, not what the group may do.
struct AccessList {
  bool group = false;  ///< the file's own group
  std::vector<uid_t> users;
  std::vector<gid_t> groups;
};

/// The list of an open file or folder, O_PATH being enough; nothing when it has none. Throws Refused ("file:acl") for
/// one that cannot be read.
std::optional<AccessList> access_list_of(int fd);

/// The list in the form in which the kernel keeps it; nothing when it is none.
std::optional<AccessList> parse_access_list(std::string_view octets);

}  // namespace acmed::files
