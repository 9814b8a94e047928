// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace acmed::store {

/// What is wrong with the files of the generation in `folder`, for a sentence: "PATH is empty". Nothing when key and
/// certificate are there, whole, and a pair. Of cert.pem, chain.pem and fullchain.pem those that are missing or damaged
/// are written again from the others. Whether it is a pair is looked at only where a file was changed after the
/// generation was written: that costs ten times what all else does. Blocks. Throws Retry.
std::optional<std::string> fault_of(const std::filesystem::path& folder);

}  // namespace acmed::store
