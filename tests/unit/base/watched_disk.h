// SPDX-License-Identifier: Apache-2.0
// What comes to the disk in which order. Takes the place of the C library's fsync(2), rename(2) and their like in this
// program.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace acmed::test {

/// A system call about a file or folder.
struct DiskStep {
  std::string call;  ///< "sync", "rename", "link", "unlink", "chmod", "chown"
  std::filesystem::path path;
  std::filesystem::path to{};  ///< of a rename or link

  /// "sync a", "rename a to b", in the last parts of their paths; a temporary file of base/files is "new NAME".
  std::string text() const;
};

/// Sees all of them while it lives. There is one at a time.
class WatchedDisk {
 public:
  WatchedDisk() : WatchedDisk(std::function<void(const DiskStep&)>()) {}
  /// `on_step` hears of each before it is done, on the thread that does it.
  explicit WatchedDisk(std::function<void(const DiskStep&)> on_step);
  WatchedDisk(const WatchedDisk&) = delete;
  WatchedDisk& operator=(const WatchedDisk&) = delete;
  ~WatchedDisk();

  std::vector<DiskStep> steps() const;
  /// The texts of those that are `calls`.
  std::vector<std::string> texts(const std::vector<std::string>& calls) const;
};

}  // namespace acmed::test
