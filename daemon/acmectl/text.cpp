// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/text.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/secret_list.h"

namespace acmed::acmectl {
namespace {

constexpr std::size_t longest_text = 2048;
constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Character {
  std::string_view octets;
  std::size_t columns;
};

std::size_t columns_of_code(std::uint32_t code) {
  const bool combines = (code >= 0x300 && code <= 0x36f) || (code >= 0x200b && code <= 0x200f) || code == 0xfe0f;
  const bool is_wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                       (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                       (code >= 0xff00 && code <= 0xff60) || (code >= 0x1f300 && code <= 0x1faff) ||
                       (code >= 0x20000 && code <= 0x3fffd);
  return combines ? 0 : is_wide ? 2 : 1;
}

/// The first character of `text`, which is not empty. What is not UTF-8 counts by its octets.
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (size == 1 || size > text.size()) return {text.substr(0, 1), 1};
  std::uint32_t code = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  return {text.substr(0, size), columns_of_code(code)};
}

/// As much of `text` as fits into `columns`.
std::string_view beginning(std::string_view text, std::size_t columns) {
  std::size_t octets = 0;
  std::size_t taken = 0;
  while (octets < text.size()) {
    const auto next = first_of(text.substr(octets));
    if (taken + next.columns > columns) break;
    taken += next.columns;
    octets += next.octets.size();
  }
  return text.substr(0, octets);
}

tm local(Time time) {
  const auto seconds = static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count());
  tm broken{};
  ::localtime_r(&seconds, &broken);
  return broken;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto next = first_of(text);
    columns += next.columns;
    text.remove_prefix(next.octets.size());
  }
  return columns;
}

std::string padded(std::string text, std::size_t columns) {
  const auto taken = columns_of(text);
  if (taken < columns) text.append(columns - taken, ' ');
  return text;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(beginning(text, columns - 1)) + "…";
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
  std::string result;
  const std::size_t room = columns > indent + 20 ? columns - indent : 20;
  while (columns_of(text) > room) {
    const auto fits = beginning(text, room + 1);
    auto end = fits.rfind(' ');
    const bool is_at_blank = end != std::string_view::npos && end > 0;
    if (!is_at_blank) end = beginning(text, room).size();
    result += text.substr(0, end);
    result += '\n' + std::string(indent, ' ');
    text.remove_prefix(end + (is_at_blank ? 1 : 0));
  }
  return result.append(text);
}

std::string coloured(std::string_view text, Colour colour, const Style& style) {
  const auto* code = colour == Colour::green ? "32" : colour == Colour::yellow ? "33" : "31";
  if (!style.colour || colour == Colour::none) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string clean(std::string_view text) {
  return fit_to_show(text, longest_text);
}

std::string said_of_target(std::string_view sentence, std::string_view target) {
  const auto beginning_of_it = fmt::format("target {}: ", target);
  if (sentence.starts_with(beginning_of_it)) sentence.remove_prefix(beginning_of_it.size());
  return clean(sentence);
}

std::string bar(double fraction, std::size_t cells, const Style& style) {
  const auto whole = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(cells);
  const auto full = std::min(cells, static_cast<std::size_t>(std::ceil(whole)));
  std::string text;
  for (std::size_t i = 0; i < cells; ++i) text += i < full ? (style.unicode ? "█" : "#") : (style.unicode ? "░" : ".");
  return text;
}

std::string relative(Time time, Time now) {
  const Duration away = time - now;
  if (std::chrono::abs(away) < std::chrono::seconds(1)) return "now";
  return away > Duration::zero() ? "in " + to_text(away) : to_text(-away) + " ago";
}

std::string day_of(Time time, Time now) {
  const auto date = local(time);
  const auto* month = months.at(static_cast<std::size_t>(date.tm_mon));
  const bool is_near = std::chrono::abs(time - now) < std::chrono::hours(24 * 183);
  return is_near ? fmt::format("{} {}", date.tm_mday, month)
                 : fmt::format("{} {} {}", date.tm_mday, month, date.tm_year + 1900);
}

std::string local_time(Time time) {
  const auto date = local(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", date.tm_year + 1900, date.tm_mon + 1, date.tm_mday, date.tm_hour,
                     date.tm_min);
}

}  // namespace acmed::acmectl
