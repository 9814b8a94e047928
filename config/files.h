// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "config/checked.h"
#include "config/toml.h"

namespace acmed::config {

/// `path` as written in the file of `place`: relative paths start at that file's folder.
std::filesystem::path absolute_path(const std::string& path, const Place& place);

/// The content of a file named in the configuration. Reads regular files only (see files::open_regular()). `secret`: it
/// must not be accessible to every user of the host. `largest`: in bytes.
Checked<> named_file(const std::filesystem::path& path, bool secret, std::size_t largest = std::size_t{1} << 20);

/// Whether every user of the host may read or write `path`; false when there is no such file.
bool open_to_everyone(const std::filesystem::path& path);

}  // namespace acmed::config
