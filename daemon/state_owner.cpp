// SPDX-License-Identifier: Apache-2.0
#include "daemon/state_owner.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace acmed {

void become_owner_of(const std::filesystem::path& state_directory) {
  struct stat status {};
  if (::geteuid() != 0 || ::stat(state_directory.c_str(), &status) != 0 || status.st_uid == 0) return;
  const auto* user = ::getpwuid(status.st_uid);
  const bool done = (user != nullptr ? ::initgroups(user->pw_name, user->pw_gid) : ::setgroups(0, nullptr)) == 0 &&
                    ::setgid(user != nullptr ? user->pw_gid : status.st_gid) == 0 && ::setuid(status.st_uid) == 0;
  if (!done)
    throw Refused("check:user", system_error_sentence("become the user of " + state_directory.string(), errno));
}

}  // namespace acmed
