// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/group_folders.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <string>

#include "base/fd.h"
#include "base/host_accounts.h"
#include "base/log.h"
#include "base/trusted_path.h"
#include "config/deployments.h"
#include "daemon/deploy/owner_rights.h"
#include "daemon/store/key_group.h"

namespace acmed::deploy_helper {
namespace {

namespace fs = std::filesystem;

constexpr mode_t passage_mode = 0711;
constexpr mode_t group_folder_mode = 02700;

[[noreturn]] void fail(const std::string& doing, const fs::path& path) {
  throw Retry("helper:groups", system_error_sentence(doing + " " + path.string(), errno));
}

struct Folder {
  Fd fd;
  fs::path path;
  struct stat status {};
};

/// Its owner is whom acmed works as: nobody else besides root may lead elsewhere. Whatever he puts in the place of a
/// folder in it is not followed.
Folder open_state(const fs::path& path) {
  const auto way = files::walk(path, files::Links::followed);
  if (!way)
    throw Retry("helper:groups", fmt::format("there is no {} yet: acmed makes it when it starts", path.string()));
  auto trusted = files::Trusted::of_process();
  trusted.users.push_back(way->last().status.st_uid);
  if (const auto group = group_of_user(trusted.users.back())) trusted.groups.push_back(*group);
  const auto fault = files::fault_of(*way, trusted);
  if (!fault.empty()) throw Refused("helper:groups", fault);
  Folder state{Fd(::openat(way->folder.get(), way->name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)),
               path};
  if (!state.fd || ::fstat(state.fd.get(), &state.status) != 0) fail("open", path);
  return state;
}

/// `name` in `parent`, made if need be, of the owner of `state`, with this group and mode. In a folder of that owner's
/// nothing is done to what is root's: he could have laid it there.
Folder settle(const Folder& state, const Folder& parent, const std::string& name, gid_t group, mode_t mode) {
  const auto path = parent.path / name;
  bool is_new = false;
  {
    const deploy::OwnerRights rights(parent.status);
    is_new = ::mkdirat(parent.fd.get(), name.c_str(), 0700) == 0;
    if (!is_new && errno != EEXIST) fail("make the folder", path);
  }
  Folder folder{Fd(::openat(parent.fd.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)), path};
  if (!folder.fd || ::fstat(folder.fd.get(), &folder.status) != 0) fail("open the folder", path);
  const bool is_given = is_new && parent.status.st_uid == 0;
  if (folder.status.st_uid == 0 && !is_given) return folder;
  if (folder.status.st_uid != state.status.st_uid && !is_given) {
    throw Refused("helper:groups", fmt::format("{} belongs to the user {}; remove it", path.string(),
                                               name_of_user(folder.status.st_uid)));
  }
  if (::fchown(folder.fd.get(), state.status.st_uid, group) != 0) fail("set the owner of the folder", path);
  if (::fchmod(folder.fd.get(), mode) != 0) fail("set the mode of the folder", path);
  return folder;
}

/// The daemon, which is started next, tells what is wrong with the configuration.
config::Deployments deployments_in(const fs::path& file) {
  try {
    return config::load_deployments(file);
  } catch (const config::Faults&) {
    throw Refused("helper:groups",
                  "no folders are made for the groups that may read keys: the configuration has "
                  "faults, which acmed --check tells");
  }
}

std::set<gid_t> groups_in(const config::Deployments& configured) {
  std::set<std::string> names;
  for (const auto& certificate : configured.certificates) {
    names.insert(certificate.group.value_or(store::usual_key_group));
  }
  std::set<gid_t> groups;
  for (const auto& name : names) {
    if (const auto found = find_group(name).id) {
      groups.insert(*found);
    } else if (name != store::usual_key_group) {
      log::warning(fmt::format("this host has no group {}, or does not know now: its folder is not made", name));
    }
  }
  return groups;
}

}  // namespace

void make_group_folders(const fs::path& file) {
  const auto configured = deployments_in(file);
  const auto state = open_state(configured.state_directory);
  if (state.status.st_uid == 0) return;  // acmed may give files away
  const auto parent = settle(state, state, "groups", state.status.st_gid, passage_mode);
  for (const auto group : groups_in(configured)) {
    settle(state, parent, store::group_folder({}, group).filename(), group, group_folder_mode);
  }
}

}  // namespace acmed::deploy_helper
