// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "daemon/acmectl/render.h"

namespace acmed::acmectl {
namespace {

using acmed::to_text;  // of a duration

constexpr std::size_t verdict_columns = 9;
constexpr std::size_t most_subject_columns = 24;
constexpr std::size_t step_columns = 19;
constexpr std::size_t took_columns = 8;
constexpr std::size_t time_columns = 18;
constexpr std::size_t event_columns = 17;

Colour colour_of(doctor::Verdict verdict) {
  switch (verdict) {
    case doctor::Verdict::ok:
      return Colour::green;
    case doctor::Verdict::warning:
      return Colour::yellow;
    case doctor::Verdict::wrong:
      break;
  }
  return Colour::red;
}

/// The first member that is a text, of several names for it.
std::string first_text(const json::Value& value, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (auto text = clean(value[name].text_or()); !text.empty()) return text;
  }
  return {};
}

/// "4.1 s"; empty when it is not told. A json::Value gives integers alone, so its text is read.
std::string took_in(const json::Value& step) {
  const auto& seconds = step["seconds"];
  if (seconds.is_null()) return first_text(step, {"took", "for"});
  const double value = std::strtod(json::dump(seconds).c_str(), nullptr);
  return to_text(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::clamp(value, 0.0, 1e8))));
}

std::string number_in(const json::Value& value, std::string_view name, std::string_view noun) {
  const auto number = value[name].integer_or(0);
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string time_in(const json::Value& value, std::string_view name) {
  const auto time = parse_rfc3339(value[name].text_or());
  return time ? local_time(*time) : std::string("-");
}

/// What an event of a known type says in words; empty for others.
std::string words_of(const json::Value& event, std::string_view type) {
  const auto text = [&event](std::string_view name) { return clean(event[name].text_or()); };
  if (type == "ordered") return text("ca") + ", " + number_in(event, "names", "name");
  if (type == "published") return number_in(event, "values", "TXT value");
  if (type == "propagation") {
    return fmt::format("{} of {}", event["ready"].integer_or(0), number_in(event, "servers", "name server"));
  }
  if (type == "propagated") return "after " + took_in(event);
  if (type == "issued") {
    return fmt::format("generation {} by {}, serial {}, ends {}", event["generation"].integer_or(0), text("ca"),
                       text("serial"), time_in(event, "not_after"));
  }
  if (type == "renewal_suggested") {
    return fmt::format("by {} between {} and {}, planned {}", text("ca"), time_in(event, "from"), time_in(event, "to"),
                       time_in(event, "planned"));
  }
  if (type == "rolled_back") return fmt::format("to generation {}", event["generation"].integer_or(0));
  if (type == "operation") return fmt::format("{} {} ({})", text("what"), text("state"), text("operation"));
  return {};
}

/// What an event says besides who, what and when: "ca lab, names 2".
std::string rest_of(const json::Value& event) {
  std::string text;
  const auto* members = event.as_object();
  for (const auto& [name, value] : members != nullptr ? *members : json::Object()) {
    const bool is_told = name == "id" || name == "time" || name == "type" || name == "event" || name == "certificate" ||
                         name == "target" || name == "sentence" || value.is_null() || value.as_array() != nullptr ||
                         value.as_object() != nullptr;
    if (is_told) continue;
    const auto* words = value.as_string();
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", name, clean(words != nullptr ? *words : json::dump(value)));
  }
  return text;
}

}  // namespace

std::string render_lines(const std::vector<doctor::Line>& lines, const Style& style) {
  std::size_t subject_columns = 0;
  for (const auto& line : lines) subject_columns = std::max(subject_columns, columns_of(clean(line.subject)));
  subject_columns = std::min(subject_columns, most_subject_columns) + 2;
  const auto indent = verdict_columns + subject_columns;
  std::string text;
  for (const auto& line : lines) {
    const auto subject = clean(line.subject);
    text +=
        coloured(padded(std::string(doctor::to_text(line.verdict)), verdict_columns), colour_of(line.verdict), style);
    text += padded(subject, subject_columns);
    // A long subject has a line of its own.
    if (columns_of(subject) + 2 > subject_columns) text += "\n" + std::string(indent, ' ');
    text += wrapped(clean(line.sentence), style.columns, indent) + "\n";
    if (line.mend.empty()) continue;
    text += padded(std::string(verdict_columns, ' ') + "mend", indent);
    text += wrapped(clean(line.mend), style.columns, indent) + "\n";
  }
  return text;
}

std::string render_step(const json::Value& step, const Style& style) {
  const auto what = first_text(step, {"step"});
  const auto words = first_text(step, {"sentence"});
  const auto took = took_in(step);
  const auto room = style.columns > step_columns + took_columns + 20 ? style.columns - step_columns - took_columns : 20;
  auto line = padded(what, step_columns) + (took.empty() ? wrapped(words, style.columns, step_columns) : "");
  if (took.empty()) return line + "\n";
  const auto told = wrapped(words, step_columns + room, step_columns);
  const auto last = told.substr(told.rfind('\n') == std::string::npos ? 0 : told.rfind('\n') + 1);
  const bool is_one_line = last.size() == told.size();
  const auto used = columns_of(last) - (is_one_line ? 0 : step_columns);
  return line + told + std::string(room > used ? room - used : 1, ' ') + fmt::format("{:>8}", took) + "\n";
}

std::string render_event(const json::Value& event, const Style& style) {
  const auto time = parse_rfc3339(first_text(event, {"time"}));
  const auto certificate = first_text(event, {"certificate"});
  const auto what = first_text(event, {"type", "event"});
  auto words = first_text(event, {"sentence"});
  if (words.empty()) words = words_of(event, what);
  if (words.empty()) words = rest_of(event);
  auto line = certificate.empty() ? what : padded(what, event_columns) + " " + certificate;
  if (const auto target = first_text(event, {"target"}); !target.empty()) line += " " + target;
  if (!words.empty()) line += ": " + words;
  return padded(time ? local_time(*time) : "-", time_columns) + wrapped(line, style.columns, time_columns) + "\n";
}

}  // namespace acmed::acmectl
