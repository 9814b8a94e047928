// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <memory>

#include "base/file_failure.h"
#include "base/log.h"
#include "base/shared_work.h"

namespace acmed::files {
namespace {

constexpr std::size_t block = std::size_t{4} * 1024;
constexpr std::string_view temporary_ending = ".new";
constexpr std::size_t process_tag_size = 16;  // hexadecimal digits

std::string make_process_tag() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) {
    throw Retry("file:random", system_error_sentence("get a random number", errno));
  }
  return fmt::format("{:0{}x}", number, process_tag_size);
}

/// What stands in all temporary names of this process, and in no other's.
const std::string& process_tag() {
  static const std::string tag = make_process_tag();
  return tag;
}

bool all_in(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == text.npos;
}

/// Takes the part after the last dot off `text`.
std::string_view take_last_part(std::string_view& text) {
  const auto dot = text.rfind('.');
  if (dot == text.npos) return {};
  const auto part = text.substr(dot + 1);
  text.remove_suffix(part.size() + 1);
  return part;
}

void remove_leftover(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || status.st_uid != ::geteuid()) return;
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) log::warning(system_error_sentence("remove the leftover " + path.string(), error.value()));
}

struct CloseFolder {
  void operator()(DIR* open) const noexcept { ::closedir(open); }
};

std::unique_ptr<DIR, CloseFolder> open_folder(const std::filesystem::path& folder) {
  return std::unique_ptr<DIR, CloseFolder>(::opendir(folder.c_str()));
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

/// Where what stands at `path` is set aside.
std::filesystem::path path_aside(const std::filesystem::path& path) {
  auto aside = path;
  aside += fmt::format(".corrupt-{}", std::time(nullptr));
  // Several in one second: none may replace another.
  while (std::filesystem::exists(std::filesystem::symlink_status(aside))) aside += "-more";
  return aside;
}

bool is_folder(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

/// A new file with its content, which is not on the disk yet.
Fd create(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) fail("create", path);
  write_all(fd, content, path);
  if (::fchmod(fd.get(), mode) != 0) fail("set the mode of", path);
  return fd;
}

}  // namespace

std::optional<Fd> open_regular(const std::filesystem::path& path, Links links) {
  return open_regular_at(AT_FDCWD, path.string(), path, links);
}

std::optional<Fd> open_regular_at(int folder, const std::string& name, const std::filesystem::path& path, Links links) {
  // O_NONBLOCK: opening a pipe would wait for somebody who writes to it.
  const int follow = links == Links::refused ? O_NOFOLLOW : 0;
  Fd file(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | follow));
  const auto not_regular = [&path] { return Retry("file:kind", fmt::format("{} is no regular file", path.string())); };
  if (!file && errno == ENOENT) return std::nullopt;
  if (!file && (errno == ENXIO || (errno == ELOOP && follow != 0))) throw not_regular();  // ENXIO: a socket, a device
  if (!file) fail("read", path);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail("examine", path);
  if (!S_ISREG(status.st_mode)) throw not_regular();
  return file;
}

std::string read_rest(const Fd& file, const std::filesystem::path& path, std::size_t limit) {
  std::string content;
  for (;;) {
    const auto start = content.size();
    content.resize(start + block);
    const auto count = ::read(file.get(), content.data() + start, block);
    if (count < 0 && errno != EINTR) fail("read", path);
    content.resize(start + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (content.size() > limit)
      throw Retry("file:size", fmt::format("{} is larger than {} bytes", path.string(), limit));
    // A regular file gives less than what was asked for only at its end.
    if (count >= 0 && static_cast<std::size_t>(count) < block) return content;
  }
}

std::optional<std::string> read(const std::filesystem::path& path, std::size_t limit, Links links) {
  const auto file = open_regular(path, links);
  if (!file) return std::nullopt;
  return read_rest(*file, path, limit);
}

void write_new(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const auto fd = create(path, content, mode);
  if (::fsync(fd.get()) != 0) fail("sync", path);
}

void write_together(const std::filesystem::path& folder, const std::vector<NewFile>& new_files) {
  std::vector<Fd> written;
  for (const auto& file : new_files) {
    written.push_back(create(folder / file.name, file.content, file.mode));
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

void write_once(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const Temporary temporary(temporary_beside(path));
  write_new(temporary.path(), content, mode);
  if (::link(temporary.path().c_str(), path.c_str()) != 0 && errno != EEXIST) fail("write", path);
  sync_folder(path.parent_path());
}

std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> count = 0;
  return path.parent_path() /
         fmt::format(".{}.{}.{}{}", path.filename().string(), process_tag(), count++, temporary_ending);
}

std::optional<std::string_view> leftover_of(std::string_view temporary) {
  if (!temporary.starts_with('.') || !temporary.ends_with(temporary_ending)) return std::nullopt;
  auto name = temporary.substr(1, temporary.size() - 1 - temporary_ending.size());
  const auto count = take_last_part(name);
  const auto process = take_last_part(name);
  const bool has_tag = process.size() == process_tag_size && all_in(process, "0123456789abcdef");
  const bool has_pid = all_in(process, "0123456789");  // as acmed 0.1 wrote them
  if (name.empty() || !all_in(count, "0123456789") || !(has_tag || has_pid) || process == process_tag()) {
    return std::nullopt;
  }
  return name;
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  const auto open = open_folder(folder);
  if (!open && errno != ENOENT) fail("read the folder", folder);
  while (const auto* entry = open ? ::readdir(open.get()) : nullptr) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

void remove_leftovers(const std::filesystem::path& folder, bool (*is_leftover)(std::string_view name)) {
  const auto open = open_folder(folder);
  if (!open) return;
  // Without a call for each file: a folder may hold those of a hundred thousand certificates.
  while (const auto* entry = ::readdir(open.get())) {
    if (is_leftover(entry->d_name)) remove_leftover(folder / entry->d_name);
  }
}

void switch_link(const std::filesystem::path& link, const std::filesystem::path& target) {
  Temporary temporary(temporary_beside(link));
  if (::symlink(target.c_str(), temporary.path().c_str()) != 0) fail("make a link beside", link);
  if (is_folder(link)) {
    // They change places at one moment: there is always something at `link`.
    if (::renameat2(AT_FDCWD, temporary.path().c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE) != 0) {
      fail("put a link in the place of the folder", link);
    }
    const auto aside = path_aside(link);
    if (::chmod(temporary.path().c_str(), 0700) != 0 || ::rename(temporary.path().c_str(), aside.c_str()) != 0) {
      fail("set aside the folder that stood at", link);
    }
    log::warning(fmt::format("{} was a folder and not a link: it is kept as {}", link.string(), aside.string()));
  } else {
    temporary.rename_to(link);
  }
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

/// Threads that want it at the same time share one.
void sync_folder(const std::filesystem::path& path) {
  static SharedWork syncs;
  syncs.run_once_more(path, [&path] {
    const Fd fd(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) fail("open the folder", path);
    if (::fsync(fd.get()) != 0) fail("sync the folder", path);
  });
}

std::filesystem::path set_aside(const std::filesystem::path& path) {
  auto aside = path_aside(path);
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
