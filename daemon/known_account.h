// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"

namespace acmed {

/// The URL of our account at the CA as the state directory has it, for those who only look; empty when there is none
/// yet, or this process may not read it. Blocks.
std::string known_account_url(const std::filesystem::path& state_directory, const config::Ca& ca);

}  // namespace acmed
