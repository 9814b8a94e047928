// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>

#include "config/config.h"

namespace acmed::deploy {

/// Who shall own deployed files; none: the user that runs this.
struct Owner {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

/// Looks up the owner and the group. Blocks: the name service may be remote. Throws Refused ("deploy:owner") when
/// there is no such owner, Retry ("deploy:owner") when the name service failed.
Owner find_owner(const config::Access& access);

}  // namespace acmed::deploy
