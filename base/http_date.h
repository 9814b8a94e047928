// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace acmed {

/// Parses an HTTP-date (RFC 9110 §5.6.7); nothing for anything else. In time.cpp, beside the other forms of time.
std::optional<Time> parse_http_date(std::string_view text);

}  // namespace acmed
