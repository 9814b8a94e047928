// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "config/reader.h"
#include "config/toml.h"

namespace acmed::config {

/// Limit for all files of a configuration together, in bytes: room for several hundred thousand certificates.
constexpr std::size_t largest_configuration = std::size_t{64} << 20;

/// One configuration file that was read.
struct Source {
  FileName file;
  Table table;
};

/// The main file first, then the files that its `include` names: pattern by pattern, those of each sorted by name.
/// Files that cannot be read are reported and left out; those of `passed_by` are not looked at.
std::deque<Source> read_sources(std::string_view main_text, const std::filesystem::path& main_file, FaultList& faults,
                                const std::set<std::string>& passed_by = {});

/// Reports keys that only the main file may have.
void refuse_main_keys(Reader& included);

}  // namespace acmed::config
