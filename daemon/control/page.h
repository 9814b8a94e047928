// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/http/server.h"

namespace acmed::control {

/// The status page, whose one script and one style are the only ones that a browser runs there.
http::ServerResponse status_page();

/// The Content-Security-Policy that allows exactly the inline script and style of `html`.
std::string policy_for(std::string_view html);

}  // namespace acmed::control
