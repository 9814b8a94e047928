// SPDX-License-Identifier: Apache-2.0
#include "daemon/doctor/line.h"

#include <algorithm>
#include <array>

#include "daemon/doctor/mends.h"

namespace acmed::doctor {
namespace {

constexpr std::array verdicts = {Verdict::ok, Verdict::warning, Verdict::wrong};

}  // namespace

std::string_view to_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::wrong:
      break;
  }
  return "wrong";
}

Line wrong(std::string subject, const Error& failure) {
  return {std::move(subject), Verdict::wrong, failure.what(), std::string(mend_of(failure.cause())), failure.cause()};
}

json::Object to_json(const Line& line) {
  json::Object object{
      {"subject", line.subject}, {"verdict", to_text(line.verdict)}, {"sentence", line.sentence}, {"mend", line.mend}};
  if (!line.cause.empty()) object.emplace("cause", line.cause);
  return object;
}

std::optional<Line> line_from_json(const json::Value& value) {
  const auto verdict = value["verdict"].text_or();
  const auto known = std::ranges::find(verdicts, verdict, [](Verdict each) { return to_text(each); });
  if (known == verdicts.end()) return std::nullopt;
  return Line{value["subject"].text_or(), *known, value["sentence"].text_or(), value["mend"].text_or(),
              value["cause"].text_or()};
}

bool is_well(const std::vector<Line>& lines) {
  return std::ranges::none_of(lines, [](const Line& line) { return line.verdict == Verdict::wrong; });
}

}  // namespace acmed::doctor
