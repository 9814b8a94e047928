// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

#include "config/config.h"

namespace acmed::config {

/// What load() does once it has the main file's text; also for tests and the fuzzer. Throws Faults.
Config parse(std::string_view text, const std::filesystem::path& file);

}  // namespace acmed::config
