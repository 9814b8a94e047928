// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace acmed::store {

/// What is wrong with the files of the generation in `folder`, for a sentence: "PATH is empty". Nothing when key and
/// certificate are present, intact, and a pair. If cert.pem, chain.pem or fullchain.pem are missing or damaged, they
/// are rewritten from the others. Files unchanged since the generation was written are not read: a host may have a
/// hundred thousand. Blocks. Throws Retry.
std::optional<std::string> fault_of(const std::string& folder);

}  // namespace acmed::store
