// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"

namespace acmed {

/// What acmed would keep, and what it needs from others for that, for --check. Each line ends with a newline.
std::string plan_of(const config::Config& config);

/// What to tell when the configuration has no certificate: a sentence.
std::string nothing_configured(const std::filesystem::path& file);

}  // namespace acmed
