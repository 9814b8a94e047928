// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/time.h"
#include "daemon/store/publisher.h"

namespace acmed::store {

/// The usual group of those who may read keys, where no certificate names another.
inline constexpr const char* usual_key_group = "acmed-certs";

/// The folder of a state directory by which a key reaches `group`: root has made it, ours but of that group and with
/// its setgid bit, so that what is made in it has the group too. That takes no right, not even to be its member.
std::filesystem::path group_folder(const std::filesystem::path& state_directory, gid_t group);

/// Looks up groups that may read keys: a hundred thousand certificates have the same few, and each look may cost the
/// name service a hundred system calls. What was found is looked up anew when /etc/group changes, and after some
/// seconds. May be used from any thread.
class KeyGroups {
 public:
  /// The group's number; nothing when only we may read the key: the usual group, acmed-certs, is not there or we may
  /// not assign files to it. Blocks: the name service may be remote. Throws Refused ("live:group") when this host has
  /// no such group, Retry ("live:group") when the name service failed.
  std::optional<gid_t> find(const KeyGroup& group);

 private:
  std::mutex lock_;
  std::map<KeyGroup, std::optional<gid_t>> found_;
  std::vector<long long> stamp_;  ///< of /etc/group as it was then
  Moment since_{};
};

}  // namespace acmed::store
