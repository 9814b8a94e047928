// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace acmed::config {

/// What came of checking a text: the value to go on with, or a sentence that says what is wrong.
template <class T = std::string>
struct Checked {
  T value{};
  std::string fault;

  bool good() const noexcept { return fault.empty(); }
};

}  // namespace acmed::config
