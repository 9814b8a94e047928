// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "config/checked.h"

namespace acmed::config {

/// "https://HOST" with an optional port and path.
Checked<> https_url(std::string_view text);

/// The same, or "http://HOST...", for what is reached within a host or a private network.
Checked<> http_url(std::string_view text);

}  // namespace acmed::config
