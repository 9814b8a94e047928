// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/base/watched_disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

namespace acmed::test {
namespace {

struct Watch {
  std::mutex mutex;
  bool on = false;
  std::function<void(const DiskStep&)> on_step;
  std::vector<DiskStep> steps;
};

Watch& watch() {
  static Watch instance;
  return instance;
}

void note(const std::string& call, const std::filesystem::path& path, const std::filesystem::path& to = {}) {
  std::function<void(const DiskStep&)> on_step;
  {
    const std::lock_guard guard(watch().mutex);
    if (!watch().on) return;
    watch().steps.push_back({call, path, to});
    on_step = watch().on_step;
  }
  if (on_step) on_step({call, path, to});
}

void note(const std::string& call, int fd) {
  std::error_code error;
  note(call, std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), error));
}

std::filesystem::path path_in(int folder, const char* path) {
  if (folder == AT_FDCWD) return path;
  std::error_code error;
  return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", folder), error) / path;
}

/// ".NAME.TAG.COUNT.new" is "new NAME".
std::string plain_name(const std::filesystem::path& path) {
  auto name = path.filename().string();
  if (!name.starts_with('.') || !name.ends_with(".new")) return name;
  for (int part = 0; part < 3; ++part) name.erase(std::min(name.rfind('.'), name.size()));
  return "new " + name.substr(std::min<std::size_t>(1, name.size()));
}

}  // namespace

std::string DiskStep::text() const {
  const auto text = call + " " + plain_name(path);
  return to.empty() ? text : text + " to " + plain_name(to);
}

WatchedDisk::WatchedDisk(std::function<void(const DiskStep&)> on_step) {
  const std::lock_guard guard(watch().mutex);
  watch().on = true;
  watch().on_step = std::move(on_step);
  watch().steps.clear();
}

WatchedDisk::~WatchedDisk() {
  const std::lock_guard guard(watch().mutex);
  watch().on = false;
  watch().on_step = {};
}

std::vector<DiskStep> WatchedDisk::steps() const {
  const std::lock_guard guard(watch().mutex);
  return watch().steps;
}

std::vector<std::string> WatchedDisk::texts(const std::vector<std::string>& calls) const {
  std::vector<std::string> texts;
  for (const auto& step : steps()) {
    if (std::ranges::find(calls, step.call) != calls.end()) texts.push_back(step.text());
  }
  return texts;
}

}  // namespace acmed::test

extern "C" int fsync(int fd) {
  acmed::test::note("sync", fd);
  return static_cast<int>(syscall(SYS_fsync, fd));
}

extern "C" int rename(const char* from, const char* to) noexcept {
  acmed::test::note("rename", from, to);
  return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

extern "C" int link(const char* from, const char* to) noexcept {
  acmed::test::note("link", from, to);
  return static_cast<int>(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

extern "C" int unlink(const char* path) noexcept {
  acmed::test::note("unlink", path);
  return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

extern "C" int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  acmed::test::note("rename", acmed::test::path_in(from_folder, from), acmed::test::path_in(to_folder, to));
  return static_cast<int>(syscall(SYS_renameat2, from_folder, from, to_folder, to, 0));
}

extern "C" int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  acmed::test::note("link", acmed::test::path_in(from_folder, from), acmed::test::path_in(to_folder, to));
  return static_cast<int>(syscall(SYS_linkat, from_folder, from, to_folder, to, flags));
}

extern "C" int unlinkat(int folder, const char* path, int flags) noexcept {
  acmed::test::note("unlink", acmed::test::path_in(folder, path));
  return static_cast<int>(syscall(SYS_unlinkat, folder, path, flags));
}

extern "C" int fchmod(int fd, mode_t mode) noexcept {
  acmed::test::note("chmod", fd);
  return static_cast<int>(syscall(SYS_fchmod, fd, mode));
}

extern "C" int fchown(int fd, uid_t user, gid_t group) noexcept {
  acmed::test::note("chown", fd);
  return static_cast<int>(syscall(SYS_fchown, fd, user, group));
}
