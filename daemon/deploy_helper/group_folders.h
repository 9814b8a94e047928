// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace acmed::deploy_helper {

/// Makes store::group_folder() for each group that may read a key according to the configuration `file`, acmed-certs
/// where this host has it: the daemon may not give files away. What is there already gets its owner, its group and its
/// mode again. Needs root's rights. Groups that this host does not have are passed over with a warning. Blocks. Throws
/// Retry and Refused ("helper:groups").
void make_group_folders(const std::filesystem::path& file);

}  // namespace acmed::deploy_helper
