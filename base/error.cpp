// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <system_error>

namespace acmed {

std::string system_error_sentence(const std::string& doing, int error_number) {
  return "cannot " + doing + ": " + std::generic_category().message(error_number);
}

}  // namespace acmed
