// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

/// Files that are either wholly there or not at all, also after a power cut. All calls block: use them through
/// offload(). All throw Retry with the path and the reason (a full disk may become free).
namespace acmed::files {

/// The whole content; nothing when there is no such file. More than `limit` bytes is an error.
std::optional<std::string> read(const std::filesystem::path& path, std::size_t limit = std::size_t{16} * 1024 * 1024);

/// Replaces `path` by `content`: temporary file, fsync, rename, fsync of the folder.
void write_durably(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// A new file, with fsync but without that of its folder: for files of a folder that is not yet in use.
void write_new(const std::filesystem::path& path, std::string_view content, mode_t mode,
               std::optional<gid_t> group = {});

struct NewFile {
  std::string name;
  std::string_view content;  ///< must outlive the call
  mode_t mode = 0600;
  std::optional<gid_t> group;
};

/// New files of one folder, with fsync of each and of the folder. All are written before the first is synced, so that
/// the disk is waited for about once and not once a file.
void write_together(const std::filesystem::path& folder, const std::vector<NewFile>& new_files);

/// Makes `link` a symbolic link to `target` by one rename(2), whether it was one before or not.
void switch_link(const std::filesystem::path& link, const std::filesystem::path& target);

/// Makes the folder and its parents, each with `mode` and durable, unless they are there.
void make_folder(const std::filesystem::path& path, mode_t mode);

/// fsync of a folder: what was created, renamed and removed in it lasts.
void sync_folder(const std::filesystem::path& path);

/// Moves an unreadable file aside as `PATH.corrupt-TIME` and gives the new path.
std::filesystem::path set_aside(const std::filesystem::path& path);

/// An exclusive lock on `path`, held until the Fd ends; nothing when another process holds it.
std::optional<Fd> lock(const std::filesystem::path& path);

}  // namespace acmed::files
