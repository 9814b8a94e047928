// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/session.h"

#include <fmt/format.h>

#include <cstdio>

namespace acmed::acmectl {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void tell(std::string_view sentence) {
  fmt::print(stderr, "{}\n", sentence);
}

}  // namespace acmed::acmectl
