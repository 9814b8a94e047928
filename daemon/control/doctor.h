// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime/task.h"

namespace acmed::control {

/// One line of an examination.
struct DoctorLine {
  enum class Verdict { ok, warning, wrong };
  std::string subject;  ///< "configuration", "DNS", a target's name
  Verdict verdict = Verdict::ok;
  std::string sentence;
  std::string mend;  ///< empty where nothing is to be mended
};

/// Examines what can be known without an order: of one certificate, or of all. `touch_dns`: a TXT value is added and
/// removed. Throws Error.
using Doctor = std::function<Task<std::vector<DoctorLine>>(std::optional<std::string> certificate, bool touch_dns)>;

}  // namespace acmed::control
