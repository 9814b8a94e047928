// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace acmed::acmectl::import {

/// The whole file; empty when there is none. Throws Retry.
std::string text_of(const std::filesystem::path& file);
/// The JSON in it; null when there is none.
json::Value json_of(const std::filesystem::path& file);
/// What is in a folder, by name; empty when there is none.
std::vector<std::filesystem::path> entries_of(const std::filesystem::path& folder);

/// The names of the first certificate in `pem`, with `first` first if it is one of them; empty when there is none.
std::vector<std::string> domains_of(const std::string& pem, const std::string& first);

}  // namespace acmed::acmectl::import
