// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>

#include "config/config.h"

namespace acmed::deploy {

/// Whom deployed files are given to; none: whoever runs this.
struct Owner {
  std::optional<uid_t> user;
  std::optional<gid_t> group;
};

/// Looks up the target's owner and group. Blocks: the name service may be far away. Throws Refused
/// ("deploy:owner") when there is none, Retry ("deploy:owner") when the name service failed.
Owner find_owner(const config::Target& target);

}  // namespace acmed::deploy
