// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace acmed::providers {

/// `value`, of at most 255 octets, as one quoted character-string in presentation form (RFC 1035 §5.1): in ASCII, with
/// \DDD for what is not printable.
std::string quoted_string(std::string_view value);

/// Whether `content`, a TXT record's data in presentation form, stands for `value`: quoted character-strings, which are
/// joined, or the bare text that some APIs give.
bool is_text(std::string_view content, std::string_view value);

}  // namespace acmed::providers
