// SPDX-License-Identifier: Apache-2.0
#include "base/host_accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <charconv>
#include <vector>

namespace acmed {
namespace {

/// Enough for groups of some thousand members.
constexpr std::size_t entry_size = 262144;

/// POSIX leaves open how a function of this family says that there is no such entry: these are the ways in use.
bool says_none(int result) {
  return result == 0 || result == ENOENT || result == ESRCH || result == EBADF || result == EPERM;
}

/// Nothing unless `text` is a number that an account may have: the largest one stands for "no change" in chown(2).
template <class Id>
std::optional<Id> number_in(const std::string& text) {
  Id id{};
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc{} || stop != end || id == static_cast<Id>(-1)) return std::nullopt;
  return id;
}

/// `Lookup`: getpwnam_r or getgrnam_r, which fill an `Entry`.
template <class Id, class Entry, class Lookup>
HostAccount<Id> find(const std::string& name, Lookup lookup, Id Entry::*id) {
  std::vector<char> buffer(entry_size);
  Entry entry{};
  Entry* found = nullptr;
  int result = EINTR;
  while (result == EINTR) result = lookup(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return {entry.*id, 0};
  if (const auto number = number_in<Id>(name)) return {number, 0};
  return {std::nullopt, says_none(result) ? 0 : result};
}

/// What `take` takes of the entry that has this number. `lookup`: getpwuid_r or getgrgid_r.
template <class Id, class Entry, class Take>
auto look_up(Id id, int (*lookup)(Id, Entry*, char*, std::size_t, Entry**), Take take) {
  std::vector<char> buffer(entry_size);
  Entry entry{};
  Entry* found = nullptr;
  int result = EINTR;
  while (result == EINTR) result = lookup(id, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? std::optional(take(*found)) : std::nullopt;
}

}  // namespace

HostAccount<uid_t> find_user(const std::string& name) {
  return find(name, ::getpwnam_r, &passwd::pw_uid);
}

HostAccount<gid_t> find_group(const std::string& name) {
  return find(name, ::getgrnam_r, &group::gr_gid);
}

std::vector<long long> stamp_of_groups() {
  struct stat status {};
  if (::stat("/etc/group", &status) != 0) return {};
  return {static_cast<long long>(status.st_ino), status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::string name_of_user(uid_t user) {
  const auto name = look_up(user, ::getpwuid_r, [](const passwd& entry) { return std::string(entry.pw_name); });
  return name.value_or(std::to_string(user));
}

std::string name_of_group(gid_t group_id) {
  const auto name = look_up(group_id, ::getgrgid_r, [](const group& entry) { return std::string(entry.gr_name); });
  return name.value_or(std::to_string(group_id));
}

std::optional<gid_t> group_of_user(uid_t user) {
  return look_up(user, ::getpwuid_r, [](const passwd& entry) { return entry.pw_gid; });
}

}  // namespace acmed
