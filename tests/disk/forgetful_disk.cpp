// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process, makes of the folder ACMED_TEST_DISK a disk that forgets: when the process ends, by
// raise(SIGKILL) or on its own, all that was not synced there is undone, as by a loss of power. A file whose content
// was not synced is as long as it was; a name that was made, replaced or removed is as it was when its folder was
// synced last.
//
// With ACMED_TEST_DISK_LOSES=first only the first rename or link that was not synced is lost, and what came later is
// kept: a disk may write in any order. With ACMED_TEST_KILL_BEFORE_SYNC=N the process ends right before its N-th fsync
// on the disk. With ACMED_TEST_DISK_LINKS=none a file can have no second name. The libraries kill_at_rename and
// kill_at_answer, preloaded after this one, raise SIGKILL at other moments.
//
// Not forgotten: modes and owners, and what is written to a file after its first fsync; neither makes a difference to
// acmed. Nor is a folder moved that was there before: none is.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

fs::path path_of(int fd) {
  std::error_code error;
  return fs::read_symlink("/proc/self/fd/" + std::to_string(fd), error);
}

/// One path for each name, whatever way leads to its folder.
fs::path name_of(int folder, const char* path) {
  fs::path full(path);
  if (full.is_relative()) full = (folder == AT_FDCWD ? fs::current_path() : path_of(folder)) / full;
  std::error_code error;
  return fs::canonical(full.parent_path(), error) / full.filename();
}

/// Nothing is in a folder without a name.
bool begins_with(const fs::path& path, const fs::path& folder) {
  return !folder.empty() &&
         std::mismatch(path.begin(), path.end(), folder.begin(), folder.end()).second == folder.end();
}

class Disk {
 public:
  /// Never destroyed: threads may use it while the process ends.
  static Disk& get() {
    static auto* const disk = new Disk;
    return *disk;
  }

  /// Held during each call that changes the disk, so that nothing changes while it forgets.
  std::unique_lock<std::recursive_mutex> hold() { return std::unique_lock(mutex_); }

  /// `name` is about to be made, replaced or removed.
  void will_change(const fs::path& name) {
    if (forgetting_ || !begins_with(name, root_) || names_.contains(name)) return;
    names_[name] = look_at(name);
  }

  /// A rename or link is about to change these.
  void will_move(const std::vector<fs::path>& names) {
    if (forgetting_) return;
    for (const auto& name : names) will_change(name);
    if (begins_with(names.back(), root_)) moves_.push_back(names);
  }

  /// What was made in a folder and moved along with it keeps its history.
  void moved(const fs::path& from, const fs::path& to) {
    if (forgetting_ || !fs::is_directory(fs::symlink_status(to))) return;
    const auto rename = [&](const fs::path& name) { return to / name.lexically_relative(from); };
    std::map<fs::path, Entry> names;
    for (auto& [name, entry] : names_) {
      const bool inside = name != from && begins_with(name, from);
      names.emplace(inside ? rename(name) : name, std::move(entry));
    }
    names_ = std::move(names);
  }

  /// Somebody may write to it from now on.
  void will_write(const fs::path& file) {
    struct stat status {};
    if (forgetting_ || !begins_with(file, root_) || ::lstat(file.c_str(), &status) != 0) return;
    std::ifstream stream(file, std::ios::binary);
    contents_.try_emplace(Inode(status.st_dev, status.st_ino), std::istreambuf_iterator<char>(stream),
                          std::istreambuf_iterator<char>());
  }

  void will_sync(int fd) {
    if (!begins_with(path_of(fd), root_)) return;
    static const char* const wanted = std::getenv("ACMED_TEST_KILL_BEFORE_SYNC");
    if (wanted != nullptr && ++syncs_ == std::atoi(wanted)) raise(SIGKILL);
  }

  void synced(int fd) {
    struct stat status {};
    const auto path = path_of(fd);
    if (::fstat(fd, &status) != 0 || !begins_with(path, root_)) return;
    contents_.erase(Inode(status.st_dev, status.st_ino));
    std::erase_if(names_, [&](const auto& entry) { return entry.first.parent_path() == path; });
    std::erase_if(moves_, [&](const auto& names) { return names.back().parent_path() == path; });
  }

  void forget() {
    if (std::exchange(forgetting_, true) || root_.empty()) return;
    const char* const loses = std::getenv("ACMED_TEST_DISK_LOSES");
    if (loses != nullptr && std::string(loses) == "first") {
      if (!moves_.empty()) {
        for (const auto& name : moves_.front()) restore(name, names_.at(name));
      }
    } else {
      for (const auto& [name, entry] : names_) restore(name, entry);  // a folder comes before what is in it
      for (const auto& entry : fs::recursive_directory_iterator(root_)) forget_content(entry.path());
    }
    fs::remove_all(kept_);
  }

 private:
  using Inode = std::pair<dev_t, ino_t>;

  /// What a name stood for when its folder was synced last: nothing, a folder, or what has the second name `copy`.
  struct Entry {
    bool is_folder = false;
    std::optional<fs::path> copy;
  };

  Disk() {
    const char* const folder = std::getenv("ACMED_TEST_DISK");
    if (folder == nullptr) return;
    root_ = fs::canonical(folder);
    kept_ = root_.string() + ".kept." + std::to_string(getpid());
  }

  Entry look_at(const fs::path& name) {
    struct stat status {};
    if (::lstat(name.c_str(), &status) != 0) return {};
    if (S_ISDIR(status.st_mode)) return {true, {}};
    fs::create_directory(kept_);
    auto copy = kept_ / std::to_string(copies_++);
    static auto* const link_at = real<int(int, const char*, int, const char*, int)>("linkat");
    if (link_at(AT_FDCWD, name.c_str(), AT_FDCWD, copy.c_str(), 0) != 0) std::perror("forgetful_disk: linkat");
    return {false, std::move(copy)};
  }

  /// What cannot be restored was in a folder that is forgotten itself.
  static void restore(const fs::path& name, const Entry& entry) {
    std::error_code error;
    if (entry.is_folder) {
      fs::create_directory(name, error);
      return;
    }
    fs::remove_all(name, error);
    if (entry.copy) fs::rename(*entry.copy, name, error);
  }

  void forget_content(const fs::path& file) {
    struct stat status {};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    const auto found = contents_.find(Inode(status.st_dev, status.st_ino));
    if (found == contents_.end()) return;
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << found->second;
  }

  std::recursive_mutex mutex_;
  fs::path root_;
  fs::path kept_;  ///< second names of what is to be restored
  std::map<fs::path, Entry> names_;
  std::vector<std::vector<fs::path>> moves_;
  std::map<Inode, std::string> contents_;
  int copies_ = 0;
  int syncs_ = 0;
  bool forgetting_ = false;
};

template <class Call>
int changing(int folder, const char* path, Call call) {
  auto& disk = Disk::get();
  const auto held = disk.hold();
  disk.will_change(name_of(folder, path));
  return call();
}

template <class Call>
int moving(int from_folder, const char* from, int to_folder, const char* to, Call call) {
  auto& disk = Disk::get();
  const auto held = disk.hold();
  const auto source = name_of(from_folder, from);
  const auto target = name_of(to_folder, to);
  disk.will_move({source, target});
  const int result = call();
  if (result == 0) disk.moved(source, target);
  return result;
}

template <class Call>
int linking(int folder, const char* path, Call call) {
  if (std::getenv("ACMED_TEST_DISK_LINKS") != nullptr) {
    errno = EPERM;
    return -1;
  }
  auto& disk = Disk::get();
  const auto held = disk.hold();
  disk.will_move({name_of(folder, path)});
  return call();
}

template <class Call>
int opening(int folder, const char* path, int flags, Call call) {
  if ((flags & O_ACCMODE) == O_RDONLY) return call();
  auto& disk = Disk::get();
  const auto held = disk.hold();
  const auto name = name_of(folder, path);
  if (fs::exists(fs::symlink_status(name))) {
    disk.will_write(name);
    return call();
  }
  disk.will_change(name);
  const int fd = call();
  if (fd >= 0) disk.will_write(name);
  return fd;
}

template <class Call>
int syncing(int fd, Call call) {
  auto& disk = Disk::get();
  const auto held = disk.hold();
  disk.will_sync(fd);
  const int result = call();
  if (result == 0) disk.synced(fd);
  return result;
}

mode_t mode_in(va_list arguments, int flags) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

[[gnu::destructor]] void end() {
  auto& disk = Disk::get();
  const auto held = disk.hold();
  disk.forget();
}

}  // namespace

extern "C" {

int raise(int signal) noexcept {
  auto& disk = Disk::get();
  const auto held = disk.hold();
  if (signal == SIGKILL) disk.forget();
  static auto* const call = real<int(int)>("raise");
  return call(signal);
}

int open(const char* path, int flags, ...) {
  static auto* const call = real<int(const char*, int, ...)>("open");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(arguments, flags);
  va_end(arguments);
  return opening(AT_FDCWD, path, flags, [&] { return call(path, flags, mode); });
}

int openat(int folder, const char* path, int flags, ...) {
  static auto* const call = real<int(int, const char*, int, ...)>("openat");
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_in(arguments, flags);
  va_end(arguments);
  return opening(folder, path, flags, [&] { return call(folder, path, flags, mode); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const call = real<int(const char*, mode_t)>("mkdir");
  return changing(AT_FDCWD, path, [&] { return call(path, mode); });
}

int symlink(const char* target, const char* path) noexcept {
  static auto* const call = real<int(const char*, const char*)>("symlink");
  return changing(AT_FDCWD, path, [&] { return call(target, path); });
}

int unlink(const char* path) noexcept {
  static auto* const call = real<int(const char*)>("unlink");
  return changing(AT_FDCWD, path, [&] { return call(path); });
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  static auto* const call = real<int(int, const char*, int)>("unlinkat");
  return changing(folder, path, [&] { return call(folder, path, flags); });
}

int rmdir(const char* path) noexcept {
  static auto* const call = real<int(const char*)>("rmdir");
  return changing(AT_FDCWD, path, [&] { return call(path); });
}

int remove(const char* path) noexcept {
  static auto* const call = real<int(const char*)>("remove");
  return changing(AT_FDCWD, path, [&] { return call(path); });
}

int rename(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("rename");
  return moving(AT_FDCWD, from, AT_FDCWD, to, [&] { return call(from, to); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static auto* const call = real<int(int, const char*, int, const char*)>("renameat");
  return moving(from_folder, from, to_folder, to, [&] { return call(from_folder, from, to_folder, to); });
}

int link(const char* from, const char* to) noexcept {
  static auto* const call = real<int(const char*, const char*)>("link");
  return linking(AT_FDCWD, to, [&] { return call(from, to); });
}

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) noexcept {
  static auto* const call = real<int(int, const char*, int, const char*, int)>("linkat");
  return linking(to_folder, to, [&] { return call(from_folder, from, to_folder, to, flags); });
}

int fsync(int fd) {
  static auto* const call = real<int(int)>("fsync");
  return syncing(fd, [&] { return call(fd); });
}

int fdatasync(int fd) {
  static auto* const call = real<int(int)>("fdatasync");
  return syncing(fd, [&] { return call(fd); });
}

}  // extern "C"
