// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"

namespace acmed {

/// Our accounts' URLs, by the names of their CAs; CAs without one yet are left out.
using KnownAccounts = std::map<std::string, std::string>;

/// What acmed would keep, and what it needs from others for that, for --check. Each line ends with a newline.
std::string plan_of(const config::Config& config, const KnownAccounts& accounts = {});

/// Which certificates have more names than their CA is known to allow, as sentences without a line end.
std::vector<std::string> too_many_names(const config::Config& config);

/// What to tell when the configuration has no certificate: a sentence.
std::string nothing_configured(const std::filesystem::path& file);

}  // namespace acmed
