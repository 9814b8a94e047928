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

/// Whether whoever is on the way reads what is sent to `url`: it is an http URL, and its host is not this one's
/// loopback (127.0.0.0/8, [::1], localhost).
bool is_in_the_clear(std::string_view url);

}  // namespace acmed::config
