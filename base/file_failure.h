// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace acmed::files {

/// Throws what errno says of `doing` something with `path`, "examine" for instance: Denied where this process lacks the
/// permission, else Retry ("file:ERRNO").
[[noreturn]] void fail(const std::string& doing, const std::filesystem::path& path);

}  // namespace acmed::files
