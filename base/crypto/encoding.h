// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/encoding.h"

namespace acmed::crypto {

using acmed::base64;
using acmed::base64url;
using acmed::hex;

/// Reads base64 or base64url, padded or not, ignoring blanks and line ends; nothing when it is neither.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace acmed::crypto
