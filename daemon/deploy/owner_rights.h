// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <vector>

namespace acmed::deploy {

/// While one lives, this thread of a process of root's has the rights of a folder's owner in file systems, and no more:
/// what root could be led to do in a folder of somebody else's, its owner could do himself. Nothing changes where we
/// are not root, or root is the owner.
///
/// These are the thread's fsuid and fsgid and its supplementary groups (setfsuid(2), which also takes the capabilities
/// that have to do with files away from the thread). A forked child would need a way to hand back results and errors,
/// and forking a process with threads has pitfalls of its own.
class OwnerRights {
 public:
  /// `folder`: its status. Throws Refused ("deploy:rights") when we may not take the owner's rights. Blocks: the name
  /// service knows the owner's group.
  explicit OwnerRights(const struct stat& folder);
  OwnerRights(const OwnerRights&) = delete;
  OwnerRights& operator=(const OwnerRights&) = delete;
  ~OwnerRights();

 private:
  void give_back() noexcept;

  bool taken_ = false;
  std::vector<gid_t> own_groups_;
};

}  // namespace acmed::deploy
