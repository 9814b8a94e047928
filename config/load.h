// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "config/config.h"

namespace acmed::config {

/// What load() does once it has the main file's text; also for tests and the fuzzer. Throws Faults.
Config parse(std::string_view text, const std::filesystem::path& file);

/// The state directory that `file` names, or the usual one, whatever else is wrong with the file: some secrets are
/// there for the service alone. Blocks.
std::filesystem::path state_directory_of(const std::filesystem::path& file);

}  // namespace acmed::config
