// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/target_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/error.h"
#include "base/host_accounts.h"
#include "base/trusted_path.h"

namespace acmed::deploy {
namespace {

[[noreturn]] void fail(const std::filesystem::path& directory, int error) {
  throw Retry(fmt::format("file:{}", error), system_error_sentence("use the directory " + directory.string(), error));
}

/// The owner of a folder may do there what he likes; what is done there is done with his rights.
files::Trusted trusted_on_way_to(const struct stat& folder) {
  auto trusted = files::Trusted::of_daemon();
  trusted.users.push_back(folder.st_uid);
  if (const auto group = group_of_user(folder.st_uid)) trusted.groups.push_back(*group);
  return trusted;
}

/// Whether acmed was made a member of the group, which is how it is let into a folder of others.
bool is_own_group(gid_t group) {
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  const auto count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return std::ranges::find(groups, group) != groups.end();
}

std::optional<files::Walk> walk_to(const std::filesystem::path& directory) {
  try {
    return files::walk(directory, files::Links::refused);
  } catch (const files::LinkFound& error) {
    throw Refused("deploy:way", fmt::format("{}: files are not deployed through a link", error.what()));
  }
}

}  // namespace

files::OpenFolder open_target_folder(const std::filesystem::path& directory) {
  auto way = walk_to(directory);
  if (!way) fail(directory, ENOENT);
  Fd fd(::openat(way->folder.get(), way->name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOTDIR) throw Retry("deploy:file", fmt::format("{} is no directory", directory.string()));
  if (!fd) fail(directory, errno);
  files::OpenFolder folder(std::move(fd), directory);
  // What is judged is what was opened, should the name have changed since the walk.
  way->components.back().status = folder.status();
  const auto trusted = trusted_on_way_to(folder.status());
  auto trusted_there = trusted;
  if (is_own_group(folder.status().st_gid)) trusted_there.groups.push_back(folder.status().st_gid);
  if (auto fault = files::fault_of(*way, trusted, trusted_there); !fault.empty()) throw Refused("deploy:way", fault);
  return folder;
}

}  // namespace acmed::deploy
