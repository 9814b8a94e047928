// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed {

/// base64 with padding (RFC 4648 §4).
std::string base64(std::string_view bytes);

/// base64url without padding (RFC 4648 §5), as RFC 7515 §2 requires.
std::string base64url(std::string_view bytes);

/// base32 in lower case, without padding (RFC 4648 §6).
std::string base32(std::string_view bytes);

/// In lower case.
std::string hex(std::string_view bytes);

/// "%2F" in place of each octet that is neither unreserved (RFC 3986 §2.1, §2.3) nor in `kept`.
std::string percent_encoded(std::string_view text, std::string_view kept = {});

}  // namespace acmed
