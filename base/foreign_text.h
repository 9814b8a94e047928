// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace acmed {

/// What someone else wrote, made fit for one line of a log or a terminal: control, line-breaking and direction-changing
/// characters become one blank, bytes that are no UTF-8 a "?", and after `limit` octets it is cut with "...".
std::string one_line(std::string_view text, std::size_t limit);

/// The lines of `text` that are not empty, each as one_line() makes it.
std::vector<std::string> lines_of(std::string_view text, std::size_t limit);

/// The last three of such lines in one, for a sentence: "a / b / c".
std::string last_words(std::string_view text, std::size_t limit);

/// Whether there are only characters of base64url in it (RFC 4648 §5).
bool is_base64url(std::string_view text);

}  // namespace acmed
