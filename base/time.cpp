// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "base/http_date.h"

namespace acmed {
namespace {

using std::chrono::seconds;

Duration read_clock(clockid_t id) {
  timespec value{};
  clock_gettime(id, &value);
  return seconds(value.tv_sec) + std::chrono::nanoseconds(value.tv_nsec);
}

/// Takes exactly `digits` digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Time> make_time(int year, int month, int day, int hour, int minute, int second) {
  const auto date = std::chrono::year(year) / month / day;
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  return to_time(std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                 seconds(second));
}

}  // namespace

// IMF-fixdate, the only form that servers may send: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<Time> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto comma = text.find(", ");
  if (comma != 3) return std::nullopt;
  text.remove_prefix(5);
  const auto day = take_number(text, 2);
  if (!day || !take(text, ' ') || text.size() < 3) return std::nullopt;
  int month = 0;
  for (std::size_t i = 0; i < months.size(); ++i) {
    if (text.substr(0, 3) == months[i]) month = static_cast<int>(i) + 1;
  }
  text.remove_prefix(3);
  if (month == 0 || !take(text, ' ')) return std::nullopt;
  const auto year = take_number(text, 4);
  if (!year || !take(text, ' ')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || text != " GMT") return std::nullopt;
  return make_time(*year, month, *day, *hour, *minute, *second);
}

Time to_time(std::chrono::sys_seconds time) {
  constexpr std::chrono::sys_seconds first = std::chrono::sys_days(std::chrono::year(1700) / 1 / 1);
  constexpr std::chrono::sys_seconds last = std::chrono::sys_days(std::chrono::year(2200) / 1 / 1);
  return std::clamp(time, first, last);
}

Time HostClock::now() const {
  return Time(read_clock(CLOCK_REALTIME));
}

Moment HostClock::moment() const {
  return Moment(read_clock(CLOCK_BOOTTIME));
}

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second) return std::nullopt;
  auto time = make_time(*year, *month, *day, *hour, *minute, *second);
  if (!time) return std::nullopt;
  if (take(text, '.')) {
    std::size_t digits = 0;
    Duration unit = std::chrono::milliseconds(100);
    for (; digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])); ++digits, unit /= 10) {
      *time += unit * (text[digits] - '0');
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
  }
  if (text == "Z" || text == "z") return time;
  const bool east = take(text, '+');
  if (!east && !take(text, '-')) return std::nullopt;
  const auto offset_hours = take_number(text, 2);
  if (!offset_hours || !take(text, ':')) return std::nullopt;
  const auto offset_minutes = take_number(text, 2);
  if (!offset_minutes || !text.empty()) return std::nullopt;
  const auto offset = std::chrono::hours(*offset_hours) + std::chrono::minutes(*offset_minutes);
  return east ? *time - offset : *time + offset;
}

std::optional<Time> parse_retry_after(std::string_view text, Time now) {
  unsigned delay = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), delay);
  if (error == std::errc{} && end == text.data() + text.size()) return now + seconds(delay);
  return parse_http_date(text);
}

std::optional<Duration> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Duration>, 5> units = {{
      {"ms", std::chrono::milliseconds(1)},
      {"s", seconds(1)},
      {"m", std::chrono::minutes(1)},
      {"h", std::chrono::hours(1)},
      {"d", std::chrono::hours(24)},
  }};
  unsigned count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, length] : units) {
    if (unit != name) continue;
    if (count > std::chrono::hours(24 * 36500) / length) return std::nullopt;
    return count * length;
  }
  return std::nullopt;
}

std::string to_text(Duration duration) {
  const double length = std::chrono::duration<double>(duration).count();
  if (length < 1) return fmt::format("{:.0f} ms", length * 1000);
  if (length < 10) return fmt::format("{:.1f} s", length);
  if (length < 120) return fmt::format("{:.0f} s", length);
  if (length < 120 * 60) return fmt::format("{:.0f} min", length / 60);
  if (length < 48 * 3600) return fmt::format("{:.0f} h", length / 3600);
  return fmt::format("{:.0f} d", length / 86400);
}

}  // namespace acmed
