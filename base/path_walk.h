// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/access_list.h"
#include "base/fd.h"
#include "base/files.h"

namespace acmed::files {

/// A folder, link or file on the way of a path, as it was when the walk came by.
struct Component {
  std::filesystem::path path;
  struct stat status {};
  std::optional<AccessList> access_list{};
};

/// A path, walked from "/" one component at a time on open folders: what was looked at is what was come to, whatever
/// happens to the names meanwhile.
struct Walk {
  std::vector<Component> components;  ///< from "/" to what the path leads to, links included
  Fd folder;                          ///< of the last component, by O_PATH
  std::string name;                   ///< of the last component in `folder`; "." for "/"

  const Component& last() const { return components.back(); }
};

/// A component of the path is a symbolic link, and links are refused.
class LinkFound : public Retry {
 public:
  using Retry::Retry;
};

/// Walks `path`, relative ones from the working directory. Nothing when it leads to nothing. Blocks, but opens nothing
/// that could block for ever. Throws Denied and Retry ("file:ERRNO"), and LinkFound ("file:link") with what to write
/// in place of the path.
std::optional<Walk> walk(const std::filesystem::path& path, Links links);

}  // namespace acmed::files
