// SPDX-License-Identifier: Apache-2.0
#include "daemon/acmectl/session.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "daemon/acmectl/text.h"

namespace acmed::acmectl {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void tell(std::string_view sentence) {
  winsize size{};
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1 && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0;
  if (!is_terminal || size.ws_col == 0 || sentence.find('\n') != std::string_view::npos) {
    fmt::print(stderr, "{}\n", sentence);
  } else {
    fmt::print(stderr, "{}\n", wrapped(sentence, size.ws_col, 2));
  }
}

}  // namespace acmed::acmectl
