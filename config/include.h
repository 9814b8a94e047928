// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/reader.h"
#include "config/toml.h"

namespace acmed::config {

/// One configuration file that was read.
struct Source {
  std::string file;
  Table table;
};

/// The main file first, then what its `include` names: each pattern's files in the order of their names. Files that
/// cannot be read are reported and left out.
std::vector<Source> read_sources(std::string_view main_text, const std::filesystem::path& main_file, FaultList& faults);

/// Reports the keys that only the main file may have.
void refuse_main_keys(Reader& included);

}  // namespace acmed::config
