// SPDX-License-Identifier: Apache-2.0
#include "base/open_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "base/file_failure.h"
#include "base/files.h"

namespace acmed::files {
namespace {

struct CloseFolder {
  void operator()(DIR* open) const noexcept { ::closedir(open); }
};

}  // namespace

OpenFolder::OpenFolder(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {
  if (::fstat(fd_.get(), &status_) != 0) fail("examine", path_);
}

std::optional<struct stat> OpenFolder::look(const std::string& name) const {
  struct stat status {};
  if (::fstatat(fd(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno != ENOENT) fail("examine", path_ / name);
  return std::nullopt;
}

std::vector<std::string> OpenFolder::names() const {
  // A descriptor of its own: the place in the listing belongs to the open file.
  Fd own(::openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const std::unique_ptr<DIR, CloseFolder> listing(own ? ::fdopendir(own.get()) : nullptr);
  if (!listing) fail("read the directory", path_);
  own.release();
  std::vector<std::string> names;
  while (const auto* entry = ::readdir(listing.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

Fd OpenFolder::create(const std::string& name) const {
  Fd file(::openat(fd(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) fail("create", path_ / name);
  return file;
}

std::optional<Fd> OpenFolder::open_regular(const std::string& name) const {
  return open_regular_at(fd(), name, path_ / name, Links::refused);
}

void OpenFolder::rename(const std::string& from, const std::string& to) const {
  if (::renameat(fd(), from.c_str(), fd(), to.c_str()) != 0) fail("put a file at", path_ / to);
}

bool OpenFolder::link(const std::string& from, const std::string& to) const {
  if (::linkat(fd(), from.c_str(), fd(), to.c_str(), 0) == 0) return true;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK) fail("keep a copy of", path_ / from);
  return false;
}

void OpenFolder::remove(const std::string& name) const {
  if (::unlinkat(fd(), name.c_str(), 0) != 0 && errno != ENOENT) fail("remove", path_ / name);
}

void OpenFolder::sync() const {
  if (::fsync(fd()) != 0) fail("sync the folder", path_);
}

}  // namespace acmed::files
