// SPDX-License-Identifier: Apache-2.0
#include "base/trusted_path.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/host_accounts.h"

namespace acmed::files {
namespace {

constexpr uid_t root_user = 0;
constexpr gid_t root_group = 0;
/// Of the daemon's unit.
constexpr const char* daemon_user = "acmed";
constexpr mode_t private_to_owner = S_IRWXG | S_IRWXO;

/// Judges the components of one walk.
class Judge {
 public:
  Judge(const Walk& walk, const Trusted& trusted) : whole_(walk.last().path.string()), trusted_(trusted) {}

  std::string fault_of(const Component& component, bool is_last) const {
    if (!trusted_.has_user(component.status.st_uid)) return fault_of_owner(component, is_last);
    // The mode of a link says nothing.
    if (S_ISLNK(component.status.st_mode)) return {};
    if (S_ISDIR(component.status.st_mode) && (component.status.st_mode & S_ISVTX) != 0 && !is_last) return {};
    if ((component.status.st_mode & S_IWOTH) != 0) {
      return fault_of_mode(component, is_last, "every user of this host", "o-w");
    }
    const bool group_writes =
        component.access_list ? component.access_list->group : (component.status.st_mode & S_IWGRP) != 0;
    if (group_writes && !trusted_.has_group(component.status.st_gid)) {
      const auto who = fmt::format("every member of the group {}", name_of_group(component.status.st_gid));
      return fault_of_mode(component, is_last, who, "g-w");
    }
    return component.access_list ? fault_of_list(component, is_last) : std::string();
  }

 private:
  std::string fault_of_owner(const Component& component, bool is_last) const {
    const auto path = component.path.string();
    const auto owner = name_of_user(component.status.st_uid);
    if (S_ISLNK(component.status.st_mode)) {
      return fmt::format("the link {} belongs to the user {}, who can lead it elsewhere; run: chown -h root {}", path,
                         owner, path);
    }
    // What only its owner may read is of use to us only when it is ours.
    const bool is_private = S_ISREG(component.status.st_mode) && (component.status.st_mode & private_to_owner) == 0;
    const auto mend = fmt::format("run: chown {} {}", is_private ? name_of_user(::geteuid()) : "root", path);
    if (is_last) return fmt::format("{} belongs to the user {}, who can change it; {}", path, owner, mend);
    return fmt::format("the user {} can put something else in the place of {}, since {} belongs to that user; {}",
                       owner, whole_, path, mend);
  }

  std::string fault_of_list(const Component& component, bool is_last) const {
    const auto& list = *component.access_list;
    const auto user = std::ranges::find_if(list.users, [this](uid_t id) { return !trusted_.has_user(id); });
    if (user != list.users.end()) {
      const auto name = name_of_user(*user);
      return fault_of_entry(component, is_last, "the user " + name, "u:" + name);
    }
    const auto group = std::ranges::find_if(list.groups, [this](gid_t id) { return !trusted_.has_group(id); });
    if (group != list.groups.end()) {
      const auto name = name_of_group(*group);
      return fault_of_entry(component, is_last, "every member of the group " + name, "g:" + name);
    }
    return {};
  }

  std::string fault_of_entry(const Component& component, bool is_last, const std::string& who,
                             const std::string& entry) const {
    const auto path = component.path.string();
    const auto what = is_last ? std::string("write there") : "put something else in the place of " + whole_;
    return fmt::format("{} may {} by the access control list of {}; run: setfacl -x {} {}", who, what, path, entry,
                       path);
  }

  std::string fault_of_mode(const Component& component, bool is_last, const std::string& who,
                            const std::string& change) const {
    const auto path = component.path.string();
    const auto mode = component.status.st_mode & 07777;
    if (is_last) {
      return fmt::format("{} may write to {} (mode {:04o}); run: chmod {} {}", who, path, mode, change, path);
    }
    return fmt::format("{} may put something else in the place of {}, since {} has the mode {:04o}; run: chmod {} {}",
                       who, whole_, path, mode, change, path);
  }

  std::string whole_;
  const Trusted& trusted_;
};

}  // namespace

Trusted Trusted::of_process() {
  Trusted trusted{{root_user, ::geteuid()}, {root_group, ::getegid()}};
  struct stat status {};
  if (::stat("/", &status) == 0) trusted.users.push_back(status.st_uid);
  return trusted;
}

Trusted Trusted::of_daemon() {
  auto trusted = of_process();
  if (::geteuid() != root_user) return trusted;
  if (const auto user = find_user(daemon_user); user.id) trusted.users.push_back(*user.id);
  if (const auto group = find_group(daemon_user); group.id) trusted.groups.push_back(*group.id);
  return trusted;
}

bool Trusted::has_user(uid_t user) const {
  return std::ranges::find(users, user) != users.end();
}

bool Trusted::has_group(gid_t group) const {
  return std::ranges::find(groups, group) != groups.end();
}

std::string fault_of(const Walk& walk, const Trusted& trusted) {
  return fault_of(walk, trusted, trusted);
}

std::string fault_of(const Walk& walk, const Trusted& way, const Trusted& last) {
  for (const auto& component : walk.components) {
    const bool is_last = &component == &walk.last();
    auto fault = Judge(walk, is_last ? last : way).fault_of(component, is_last);
    if (!fault.empty()) return fault;
  }
  return {};
}

std::optional<Fd> open_trusted(const std::filesystem::path& path, const Trusted& trusted) {
  auto way = walk(path, Links::followed);
  if (!way) return std::nullopt;
  auto file = open_regular_at(way->folder.get(), way->name, path, Links::refused);
  if (!file) return std::nullopt;
  // What is judged is what was opened, should the name have changed since the walk.
  if (::fstat(file->get(), &way->components.back().status) != 0) {
    throw Retry(fmt::format("file:{}", errno), system_error_sentence("examine " + path.string(), errno));
  }
  if (auto fault = fault_of(*way, trusted); !fault.empty()) throw Untrusted(fault);
  return file;
}

std::optional<std::string> read_trusted(const std::filesystem::path& path, std::size_t limit, const Trusted& trusted) {
  const auto file = open_trusted(path, trusted);
  if (!file) return std::nullopt;
  return read_rest(*file, path, limit);
}

}  // namespace acmed::files
