// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace acmed {

/// What the host's name service says about a name.
template <class Id>
struct Account {
  std::optional<Id> id;  ///< none: there is no such account, or the service failed
  int error = 0;         ///< the errno of a service that failed to tell; 0 when it told
};

/// Blocks: the name service may be far away.
Account<uid_t> find_user(const std::string& name);
Account<gid_t> find_group(const std::string& name);

/// The user's name, or its number where the host knows none: as chown takes it. Blocks.
std::string name_of_user(uid_t user);

}  // namespace acmed
