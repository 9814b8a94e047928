// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "config/checked.h"

namespace acmed::config {

/// Whether "USER@" or "USER:PASSWORD@" precedes the host (RFC 3986 §3.2.1): such a URL is never shown.
bool names_user(std::string_view url);

/// "https://HOST" with an optional port and path. A URL with user information is refused: URLs appear in logs.
Checked<> https_url(std::string_view text);

/// The same, or "http://HOST...", for services within a host or a private network.
Checked<> http_url(std::string_view text);

}  // namespace acmed::config
