// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/path_walk.h"

/// Who can change what a path leads to. Whoever can write a file, or a folder on the way to it, decides what is read
/// there or run from there.
namespace acmed::files {

/// Users, and groups all of whose members may do what this process's user may.
struct Trusted {
  std::vector<uid_t> users;
  std::vector<gid_t> groups;

  /// Root and this process's user, with their groups. Whoever owns "/" counts as root: in a user namespace that has no
  /// root of the host, its root is nobody.
  static Trusted of_process();
  /// The same; where we are root, also the user whom the unit runs the daemon as, with its group. For what can make
  /// root do no more than that user may. Blocks.
  static Trusted of_daemon();

  bool has_user(uid_t user) const;
  bool has_group(gid_t group) const;
};

/// Why somebody who is not trusted can change what `walk` came to, as a sentence with what to type; empty when nobody
/// can. A folder that all may write is no fault when it is root's and sticky, as /tmp is: names in it are changed by
/// their owners alone. Blocks: the name service says whose an entry is.
std::string fault_of(const Walk& walk, const Trusted& trusted);
/// `last`: who is trusted with what the path leads to; `way`: with what is before it.
std::string fault_of(const Walk& walk, const Trusted& way, const Trusted& last);

/// Somebody else can change what a path leads to.
class Untrusted : public Refused {
 public:
  explicit Untrusted(const std::string& fault) : Refused("file:untrusted", fault) {}
};

/// Opens a regular file for reading; nothing when it does not exist. Links are followed, and judged like what is on the
/// way. Throws Untrusted, or what files::open_regular() throws.
std::optional<Fd> open_trusted(const std::filesystem::path& path, const Trusted& trusted);

/// The whole content of such a file. More than `limit` bytes is an error.
std::optional<std::string> read_trusted(const std::filesystem::path& path, std::size_t limit, const Trusted& trusted);

}  // namespace acmed::files
