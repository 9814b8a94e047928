// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace acmed::http {

/// The host of a URL, with its port if it has one, for error messages.
std::string host_of(const std::string& url);

/// "HOST:PORT" of an http or https URL, the host in lower case, the port also where it is the scheme's own: equal for
/// two URLs of the same server. Empty when `url` is no such URL or contains user information.
std::string server_of(const std::string& url);

/// `reference`, as found in the response to a request for `base`, as an absolute URL (RFC 3986 §5, RFC 9110 §10.2.2). A
/// reference that is absolute already, or empty, or none at all, is returned as it is.
std::string resolved(const std::string& base, const std::string& reference);

}  // namespace acmed::http
