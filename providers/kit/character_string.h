// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace acmed::providers {

/// What stands after a '\' for an octet that is not printable: three decimal digits (RFC 1035 §5.1), or three octal
/// ones, as Route 53 writes them.
enum class Escapes { decimal, octal };

/// `value`, of at most 255 octets, as one quoted character-string in presentation form: in ASCII.
std::string quoted_string(std::string_view value, Escapes escapes = Escapes::decimal);

/// The octets of a TXT record's data in presentation form: of quoted character-strings, which are joined, or of the
/// bare text that some APIs give; nothing when it is neither.
std::optional<std::string> text_in(std::string_view content, Escapes escapes = Escapes::decimal);

/// Whether `content`, a TXT record's data in presentation form or simply its octets, stands for `value`.
bool is_text(std::string_view content, std::string_view value, Escapes escapes = Escapes::decimal);

/// Takes the octet that `text`, which begins with a '\', stands for; nothing when it is none.
std::optional<char> take_escaped(std::string_view& text, Escapes escapes);

}  // namespace acmed::providers
