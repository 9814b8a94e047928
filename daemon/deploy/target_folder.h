// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/open_folder.h"

namespace acmed::deploy {

/// Opens a target's directory. The way to it must have no symbolic link, and nobody but root, acmed's user and the
/// owner of the directory may be able to put another folder in a place on it. Throws Refused ("deploy:way") with what
/// to type, Retry when there is no such directory. Blocks.
files::OpenFolder open_target_folder(const std::filesystem::path& directory);

}  // namespace acmed::deploy
