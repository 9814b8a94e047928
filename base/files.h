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

/// Files that exist either whole or not at all, even after a power cut. All calls block: use them through offload().
/// All throw Retry with the path and the reason (space may become free on a full disk).
namespace acmed::files {

/// This process lacks the permission for what it tried with `path()`.
class Denied : public Retry {
 public:
  Denied(std::string cause, const std::string& sentence, std::filesystem::path path)
      : Retry(std::move(cause), sentence), path_(std::move(path)) {}
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Whether the last component of a path may be a symbolic link. Where others can create files, a link leads wherever
/// they choose.
enum class Links { followed, refused };

/// A file opened for reading; nothing when it does not exist. Opens regular files only: a pipe or device, planted or
/// named by mistake, could block the caller for ever.
std::optional<Fd> open_regular(const std::filesystem::path& path, Links links = Links::followed);

/// The same for `name` in the open folder `folder`. `path` is for error messages.
std::optional<Fd> open_regular_at(int folder, const std::string& name, const std::filesystem::path& path, Links links);

/// Reads the rest of `file`; more than `limit` bytes is an error. `path` is for error messages.
std::string read_rest(const Fd& file, const std::filesystem::path& path, std::size_t limit);

/// The whole content of a regular file; nothing when it does not exist. More than `limit` bytes is an error.
std::optional<std::string> read(const std::filesystem::path& path, std::size_t limit = std::size_t{16} * 1024 * 1024,
                                Links links = Links::followed);

/// Replaces `path` with `content`: temporary file, fsync, rename, fsync of the folder.
void write_durably(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// Creates a file and syncs it, but not its folder: for files in a folder that is not yet in use.
void write_new(const std::filesystem::path& path, std::string_view content, mode_t mode);

struct NewFile {
  std::string name;
  std::string_view content;  ///< must outlive the call
  mode_t mode = 0600;
};

/// Creates several files in one folder and syncs each and the folder. All are written before the first fsync, so that
/// the wait for the disk is about that for one file.
void write_together(const std::filesystem::path& folder, const std::vector<NewFile>& new_files);

/// Writes a file that is never replaced: an existing one stays as it is.
void write_once(const std::filesystem::path& path, std::string_view content, mode_t mode);

/// A hidden path next to `path` for content that will replace it once complete; different on every call. It contains a
/// random number of this process, so that neither an earlier process with the same pid (in a container it is always 1)
/// nor an attacker planting files can have taken it.
std::filesystem::path temporary_beside(const std::filesystem::path& path);

/// The name for which an earlier process created the file `temporary` and left it behind; nothing for any other name,
/// including those that this process creates.
std::optional<std::string_view> leftover_of(std::string_view temporary);

/// The names of what is in `folder`, in no order; none when it does not exist.
std::vector<std::string> names_in(const std::filesystem::path& folder);

/// Removes the files, links and folders in `folder` that belong to this process's user and whose names satisfy
/// `is_leftover`. What cannot be removed stays and is logged. The folder need not exist.
void remove_leftovers(const std::filesystem::path& folder, bool (*is_leftover)(std::string_view name));

/// Makes `link` a symbolic link to `target` by one rename(2), whether or not it existed before. A folder in its place,
/// as a backup that follows links leaves it, is set aside as set_aside() does, open to nobody else, with a line in the
/// log.
void switch_link(const std::filesystem::path& link, const std::filesystem::path& target);

/// Creates the folder and its missing parents with `mode`, durably.
void make_folder(const std::filesystem::path& path, mode_t mode);

/// fsync of a folder: makes creations, renames and removals in it durable.
void sync_folder(const std::filesystem::path& path);

/// Moves an unreadable file aside to `PATH.corrupt-TIME` and returns the new path.
std::filesystem::path set_aside(const std::filesystem::path& path);

/// An exclusive lock on `path`, held until the Fd is closed; nothing when another process holds it.
std::optional<Fd> lock(const std::filesystem::path& path);

}  // namespace acmed::files
