// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace acmed::acmectl {

/// How output is to look.
struct Style {
  std::size_t columns = 80;
  std::size_t rows = 0;  ///< of the terminal; 0 where there is none
  bool colour = false;   ///< on a terminal only, and never the only sign of anything
  bool unicode = true;   ///< otherwise bars are of ASCII
};

/// How many columns of a terminal `text` (UTF-8) takes.
std::size_t columns_of(std::string_view text);
/// `text` with blanks up to that many columns.
std::string padded(std::string text, std::size_t columns);
/// `text`, cut with "…" when it takes more columns.
std::string shortened(std::string_view text, std::size_t columns);
/// `text` in lines of at most `columns`, each but the first one indented by `indent`; broken at blanks where there are
/// any. Without a final line end.
std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent);

enum class Colour { none, green, yellow, red };
/// `text` in that colour, where the style has colours.
std::string coloured(std::string_view text, Colour colour, const Style& style);

/// What others said, in one line without control characters or known secrets.
std::string clean(std::string_view text);

/// What others said of a target, without its name, which stands before it.
std::string said_of_target(std::string_view sentence, std::string_view target);

/// A bar of `cells` with `fraction` of it full; never empty while anything is left.
std::string bar(double fraction, std::size_t cells, const Style& style);

/// "in 41 d", "22 min ago", "now".
std::string relative(Time time, Time now);
/// "6 Jan", or "6 Jan 2028" when that is not within half a year; in the time zone of the host.
std::string day_of(Time time, Time now);
/// "2027-01-06 13:02", in the time zone of the host.
std::string local_time(Time time);

}  // namespace acmed::acmectl
