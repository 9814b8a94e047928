// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace acmed::files {

/// An open folder. What is done by it is done in that folder, wherever its path leads meanwhile, and to the names
/// themselves, never to what a link leads to. Names are single components. The calls block, and throw Retry and Denied
/// ("file:ERRNO").
class OpenFolder {
 public:
  /// `path`: for error messages.
  OpenFolder(Fd fd, std::filesystem::path path);

  int fd() const noexcept { return fd_.get(); }
  const std::filesystem::path& path() const noexcept { return path_; }
  /// As it was when it was opened.
  const struct stat& status() const noexcept { return status_; }

  /// What is there; nothing when there is none of that name.
  std::optional<struct stat> look(const std::string& name) const;
  std::vector<std::string> names() const;

  /// A new file for writing, which only we can open.
  Fd create(const std::string& name) const;
  /// Opens a regular file for reading; see files::open_regular().
  std::optional<Fd> open_regular(const std::string& name) const;
  /// Replaces what has the name `to`.
  void rename(const std::string& from, const std::string& to) const;
  /// Gives `from` the second name `to`; false where the file system has no second names.
  bool link(const std::string& from, const std::string& to) const;
  /// The name may be gone already.
  void remove(const std::string& name) const;
  /// Makes what was done in it durable.
  void sync() const;

 private:
  Fd fd_;
  std::filesystem::path path_;
  struct stat status_ {};
};

}  // namespace acmed::files
