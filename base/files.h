// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"

/// Files that are either wholly there or not at all, also after a power cut. All calls block: use them through
/// offload(). All throw Retry with the path and the reason (a full disk may become free).
namespace acmed::files {

/// What this process may not do with `path()`.
class Denied : public Retry {
 public:
  Denied(std::string cause, const std::string& sentence, std::filesystem::path path)
      : Retry(std::move(cause), sentence), path_(std::move(path)) {}
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Whether the last component of a path may be a symbolic link. Where others may put files, a link leads to a file of
/// their choice.
enum class Links { followed, refused };

/// A file, open for reading; nothing when there is none. Only a regular file is opened: a pipe or a device, planted or
/// named by mistake, could keep the caller waiting for ever.
std::optional<Fd> open_regular(const std::filesystem::path& path, Links links = Links::followed);

/// The rest of what `file` holds; more than `limit` bytes is an error. `path`: for sentences.
std::string read_rest(const Fd& file, const std::filesystem::path& path, std::size_t limit);

/// The whole content of a regular file; nothing when there is no such file. More than `limit` bytes is an error.
std::optional<std::string> read(const std::filesystem::path& path, std::size_t limit = std::size_t{16} * 1024 * 1024,
                                Links links = Links::followed);

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

/// Writes a file that is never replaced: what is there already stays.
void write_once(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// A hidden path beside `path` for what is to take its place once it is whole. Every call gives another one. It has a
/// random number of this process in it, so that neither a process of the same pid before (in a container each has pid
/// 1) nor anybody who plants files was there first.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// The name for which an earlier process made a file of the name `temporary`, and left it behind; nothing for all other
/// names, those that this process makes included.
std::optional<std::string_view> leftover_of(std::string_view temporary);

/// Removes the files, links and folders of this process's user in `folder` for whose names `is_leftover` is true. What
/// cannot be removed stays, with a line in the log. There need not be such a folder.
void remove_leftovers(const std::filesystem::path& folder, bool (*is_leftover)(std::string_view name));

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
