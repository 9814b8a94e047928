// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "config/checked.h"
#include "config/toml.h"

namespace acmed::config {

/// `path` as written in the file of `place`: relative paths start at that file's folder.
std::filesystem::path absolute_path(const std::string& path, const Place& place);

/// What a file named in the configuration is for.
enum class FileOf {
  configuration,  ///< nobody but root and acmed's user may be able to change it
  secret,         ///< likewise; and it must not be accessible to every user of the host
  manager         ///< a credential: systemd has made its folder and its mode
};

/// The content of a file named in the configuration. Reads regular files only (see files::open_trusted()). `largest`:
/// in bytes.
Checked<> named_file(const std::filesystem::path& path, FileOf use, std::size_t largest = std::size_t{1} << 20);

/// Whether every user of the host may read or write `path`; false when there is no such file.
bool open_to_everyone(const std::filesystem::path& path);

}  // namespace acmed::config
