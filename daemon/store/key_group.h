// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>

#include "daemon/store/publisher.h"

namespace acmed::store {

/// Looks up groups that may read keys, each once: a hundred thousand certificates have the same few.
class KeyGroups {
 public:
  /// The group's number; nothing when only we may read the key: the usual group, acmed-certs, is not there or we may
  /// not assign files to it. Blocks: the name service may be remote. Throws Refused ("live:group") when this host has
  /// no such group, Retry ("live:group") when the name service failed.
  std::optional<gid_t> find(const KeyGroup& group);

 private:
  std::map<KeyGroup, std::optional<gid_t>> found_;
};

}  // namespace acmed::store
