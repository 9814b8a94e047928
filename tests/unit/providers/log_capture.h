// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "base/fd.h"

namespace acmed::test {

/// Takes what is written to standard error, where the log goes, until it ends.
class LogCapture {
 public:
  LogCapture() : taken_(memfd_create("log", MFD_CLOEXEC)), before_(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    dup2(taken_.get(), STDERR_FILENO);
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  ~LogCapture() { dup2(before_.get(), STDERR_FILENO); }

  std::string text() const {
    std::string text(static_cast<std::size_t>(lseek(taken_.get(), 0, SEEK_END)), '\0');
    text.resize(static_cast<std::size_t>(pread(taken_.get(), text.data(), text.size(), 0)));
    return text;
  }

 private:
  Fd taken_;
  Fd before_;
};

}  // namespace acmed::test
