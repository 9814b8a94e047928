// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace acmed::crypto {

/// base64url without padding (RFC 4648 §5), as RFC 7515 §2 requires.
std::string base64url(std::string_view bytes);

/// base64 with padding (RFC 4648 §4).
std::string base64(std::string_view bytes);

/// Reads base64 or base64url, padded or not, ignoring blanks and line ends; nothing when it is neither.
std::optional<std::string> from_base64(std::string_view text);

std::string hex(std::string_view bytes);

}  // namespace acmed::crypto
