// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/json.h"
#include "base/time.h"

namespace acmed::acmectl {

/// All certificates, as far as the configuration and the state directory tell. Where the configuration's secrets are
/// not for this user, or are there for the service alone, what is not secret is enough. Blocks. Throws config::Faults.
json::Array certificates_on_disk(const std::filesystem::path& config_file, Time now);

}  // namespace acmed::acmectl
