// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace acmed::doctor {

enum class Verdict {
  ok,
  warning,  ///< all works now, or it cannot be told from here
  wrong     ///< something fails, or will
};
/// "ok", "warning", "wrong".
std::string_view to_text(Verdict verdict);

/// One thing that was looked at.
struct Line {
  std::string subject;  ///< "configuration", "CA letsencrypt", "DNS www.example.com"
  Verdict verdict = Verdict::ok;
  std::string sentence;    ///< what there is
  std::string mend = {};   ///< what to do about it; empty when there is nothing to do, or the sentence says it
  std::string cause = {};  ///< Error::cause() of a failure, for programs
};

/// A failure as a line, with the mend that is known for its cause.
Line wrong(std::string subject, const Error& failure);

/// Members `subject`, `verdict`, `sentence`, `mend`, and `cause` where there is one.
json::Object to_json(const Line& line);
/// Nothing when it is not of that form.
std::optional<Line> line_from_json(const json::Value& value);

/// Whether nothing is wrong.
bool is_well(const std::vector<Line>& lines);

}  // namespace acmed::doctor
