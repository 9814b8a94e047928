// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <ctime>

#include "base/error.h"

namespace acmed::files {
namespace {

constexpr std::size_t block = std::size_t{16} * 1024;

[[noreturn]] void fail(const std::string& doing, const std::filesystem::path& path) {
  throw Retry(fmt::format("file:{}", errno), system_error_sentence(doing + " " + path.string(), errno));
}

/// A name beside `path` that no other write of this process or of an earlier one uses now.
std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> count = 0;
  return path.parent_path() / fmt::format(".{}.{}.{}.new", path.filename().string(), getpid(), count++);
}

void write_all(const Fd& fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const auto written = ::write(fd.get(), content.data(), content.size());
    if (written < 0 && errno != EINTR) fail("write", path);
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Removes a temporary file that was not renamed.
class Temporary {
 public:
  explicit Temporary(std::filesystem::path path) : path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  void rename_to(const std::filesystem::path& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) fail("rename a new file to", target);
    path_.clear();
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A new file with its content, which is not on the disk yet.
Fd create(const std::filesystem::path& path, std::string_view content, mode_t mode, std::optional<gid_t> group) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) fail("create", path);
  write_all(fd, content, path);
  if (group && ::fchown(fd.get(), static_cast<uid_t>(-1), *group) != 0) fail("set the group of", path);
  if (::fchmod(fd.get(), mode) != 0) fail("set the mode of", path);
  return fd;
}

}  // namespace

std::optional<std::string> read(const std::filesystem::path& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) fail("open", path);
  std::string content;
  for (;;) {
    const auto start = content.size();
    content.resize(start + block);
    const auto count = ::read(fd.get(), content.data() + start, content.size() - start);
    if (count < 0 && errno != EINTR) fail("read", path);
    content.resize(start + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) return content;
    if (content.size() > limit)
      throw Retry("file:size", fmt::format("{} is larger than {} bytes", path.string(), limit));
  }
}

void write_new(const std::filesystem::path& path, std::string_view content, mode_t mode, std::optional<gid_t> group) {
  const auto fd = create(path, content, mode, group);
  if (::fsync(fd.get()) != 0) fail("sync", path);
}

void write_together(const std::filesystem::path& folder, const std::vector<NewFile>& new_files) {
  std::vector<Fd> written;
  for (const auto& file : new_files) {
    written.push_back(create(folder / file.name, file.content, file.mode, file.group));
  }
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (::fsync(written[i].get()) != 0) fail("sync", folder / new_files[i].name);
  }
  sync_folder(folder);
}

void write_durably(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  Temporary temporary(temporary_beside(path));
  write_new(temporary.path(), content, mode);
  temporary.rename_to(path);
  sync_folder(path.parent_path());
}

void switch_link(const std::filesystem::path& link, const std::filesystem::path& target) {
  Temporary temporary(temporary_beside(link));
  if (::symlink(target.c_str(), temporary.path().c_str()) != 0) fail("make a link beside", link);
  temporary.rename_to(link);
  sync_folder(link.parent_path());
}

void make_folder(const std::filesystem::path& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    // mkdir's mode is cut by the umask.
    if (::chmod(path.c_str(), mode) != 0) fail("set the mode of", path);
    if (path.has_parent_path()) sync_folder(path.parent_path());
    return;
  }
  if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
    make_folder(path.parent_path(), mode);
    make_folder(path, mode);
    return;
  }
  struct stat status {};
  if (errno != EEXIST || ::stat(path.c_str(), &status) != 0) fail("make the folder", path);
  if (!S_ISDIR(status.st_mode))
    throw Retry("file:folder", fmt::format("{} is in the way: it is no folder", path.string()));
}

void sync_folder(const std::filesystem::path& path) {
  const Fd fd(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) fail("open the folder", path);
  if (::fsync(fd.get()) != 0) fail("sync the folder", path);
}

std::filesystem::path set_aside(const std::filesystem::path& path) {
  auto aside = path;
  aside += fmt::format(".corrupt-{}", std::time(nullptr));
  // Several in one second: none may replace another.
  while (std::filesystem::exists(std::filesystem::symlink_status(aside))) aside += "-more";
  if (::rename(path.c_str(), aside.c_str()) != 0) fail("set aside", path);
  sync_folder(path.parent_path());
  return aside;
}

std::optional<Fd> lock(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) fail("open", path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    fail("lock", path);
  }
  return fd;
}

}  // namespace acmed::files
