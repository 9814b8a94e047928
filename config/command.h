// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/reader.h"

namespace acmed::config {

/// Reads a program and its arguments; empty when the key is absent or faulty.
std::vector<std::string> read_command(Reader& reader, std::string_view key);

}  // namespace acmed::config
