// SPDX-License-Identifier: Apache-2.0
// Private to base/http: the proxy that the environment names, for error messages.
#pragma once

#include <string>

namespace acmed::http {

/// "HOST:PORT" of the proxy that curl takes from the environment for `url`, without user and password; empty when none
/// is named. Does not look at no_proxy.
std::string proxy_for(const std::string& url);

}  // namespace acmed::http
