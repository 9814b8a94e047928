// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"

namespace acmed::config {

/// What load() does once it has the main file's text; also for tests and the fuzzer. Throws Faults.
Config parse(std::string_view text, const std::filesystem::path& file);

/// The state directory that `file` names, or the usual one, whatever else is wrong with the file: some secrets are
/// there for the service alone. Blocks.
std::filesystem::path state_directory_of(const std::filesystem::path& file);

/// Why the certificate `name` is not there: the first fault of the included file that load_for_start() has left out and
/// in which it stands. Nothing when it stands in none of them. Blocks.
std::optional<Fault> why_left_out(const Config& config, const std::string& name);

}  // namespace acmed::config
