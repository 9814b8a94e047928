// SPDX-License-Identifier: Apache-2.0
// Private to base/http: turns curl's errors into ours.
#pragma once

#include <curl/curl.h>

#include <exception>
#include <string>

#include "base/time.h"

namespace acmed::http {

/// The error for an exchange with `url` that ended with `code`. `words`: curl's error text, may be empty.
std::exception_ptr failure_of(CURL* easy, CURLcode code, const std::string& url, std::string words, Duration limit);

}  // namespace acmed::http
