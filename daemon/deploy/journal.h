// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace acmed::deploy {

/// What a replacement of a target's files is about to do, and how to undo it: on disk before the first name changes.
struct Journal {
  /// What tells a new file from any other that may take its name.
  struct Identity {
    std::uint64_t inode = 0;
    std::int64_t written = 0;  ///< its time of modification in nanoseconds: inodes are used again

    static Identity of(const struct stat& status);
    friend bool operator==(const Identity&, const Identity&) = default;
  };
  /// One file.
  struct Replacement {
    std::string name;
    bool existed = false;  ///< there was a file of that name before
    Identity now{};        ///< of the new one
  };

  std::filesystem::path directory;
  std::uint64_t inode = 0;  ///< of the directory
  std::string stage;        ///< what stands in the hidden names of this replacement
  std::vector<Replacement> replacements;

  /// Whether `folder` is the directory. A device may have another number after a restart of the host, so the inode has
  /// to do; what is changed in it is only what has a hidden name of this replacement, or is a new file.
  bool is_of(const struct stat& folder) const { return folder.st_ino == inode; }
};

/// A target of a certificate, by their names.
struct TargetName {
  std::string certificate;
  std::string target;
  friend auto operator<=>(const TargetName&, const TargetName&) = default;
};

/// Of which targets there are journals in `folder`. Blocks. Throws Retry.
std::vector<TargetName> targets_with_journals(const std::filesystem::path& folder);

/// Where the journal of one target of one certificate is: a file in a folder of acmed's own, never in the target's
/// directory, whose owner could write what he likes into it. The calls block, and throw Retry.
class JournalFile {
 public:
  /// `folder`: exists, and nobody else can write to it.
  JournalFile(const std::filesystem::path& folder, std::string certificate, std::string target);

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Nothing when there is none. A damaged one is set aside, with a line in the log.
  std::optional<Journal> read() const;
  /// Durable when it returns.
  void write(const Journal& journal) const;
  void remove() const;

 private:
  std::string certificate_;
  std::string target_;
  std::filesystem::path path_;
};

}  // namespace acmed::deploy
