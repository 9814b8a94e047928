// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace acmed {

/// Foreign text made fit for one line of a log or terminal: runs of control, line-breaking and direction-changing
/// characters become one blank, bytes that are not UTF-8 become "?", and anything after `limit` octets is cut with
/// "...".
std::string one_line(std::string_view text, std::size_t limit);

/// The non-empty lines of `text`, each passed through one_line().
std::vector<std::string> lines_of(std::string_view text, std::size_t limit);

/// The last three of those lines joined for a sentence: "a / b / c".
std::string last_words(std::string_view text, std::size_t limit);

/// Whether it consists of base64url characters only (RFC 4648 §5).
bool is_base64url(std::string_view text);

}  // namespace acmed
