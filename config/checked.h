// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace acmed::config {

/// The result of checking a text: the value to use, or a sentence that says what is wrong.
template <class T = std::string>
struct Checked {
  T value{};
  std::string fault;

  bool good() const noexcept { return fault.empty(); }
};

}  // namespace acmed::config
