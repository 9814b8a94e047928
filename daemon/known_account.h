// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"
#include "daemon/store/records.h"

namespace acmed {

/// Which account at the CA is ours.
store::AccountIdentity account_identity_of(const config::Ca& ca);

/// The URL of our account at the CA as the state directory has it, for those who only look; empty when there is none
/// yet, or this process may not read it. Blocks.
std::string known_account_url(const std::filesystem::path& state_directory, const config::Ca& ca);

}  // namespace acmed
