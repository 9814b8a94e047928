// SPDX-License-Identifier: Apache-2.0
#include "base/file_failure.h"

#include <fmt/format.h>

#include <cerrno>

#include "base/files.h"

namespace acmed::files {

void fail(const std::string& doing, const std::filesystem::path& path) {
  const int number = errno;
  const auto cause = fmt::format("file:{}", number);
  const auto sentence = system_error_sentence(doing + " " + path.string(), number);
  if (number == EACCES || number == EPERM) throw Denied(cause, sentence, path);
  throw Retry(cause, sentence);
}

}  // namespace acmed::files
