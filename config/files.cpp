// SPDX-License-Identifier: Apache-2.0
#include "config/files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/files.h"
#include "base/trusted_path.h"

namespace acmed::config {
namespace {

constexpr mode_t everyone = S_IROTH | S_IWOTH | S_IXOTH;

/// Root looks at the configuration of a daemon whose secrets may be its own (`sudo acmed --check`).
files::Trusted trusted_for(FileOf use) {
  return use == FileOf::secret ? files::Trusted::of_daemon() : files::Trusted::of_process();
}

}  // namespace

std::filesystem::path absolute_path(const std::string& path, const Place& place) {
  // The second operand wins when it is absolute.
  return (std::filesystem::absolute(place.file()).parent_path() / path).lexically_normal();
}

Checked<> named_file(const std::filesystem::path& path, FileOf use, std::size_t largest) {
  std::string content;
  const bool secret = use == FileOf::secret;
  try {
    const auto file = use == FileOf::manager ? files::open_regular(path) : files::open_trusted(path, trusted_for(use));
    if (!file) return {{}, fmt::format("there is no file {}", path.string())};
    struct stat status {};
    if (::fstat(file->get(), &status) != 0) return {{}, system_error_sentence("examine " + path.string(), errno)};
    if (secret && (status.st_mode & everyone) != 0) {
      return {{},
              fmt::format("{} is open to every user of this host (mode {:04o}); run: chmod o= {}", path.string(),
                          status.st_mode & 07777, path.string())};
    }
    content = files::read_rest(*file, path, largest);
  } catch (const Error& error) {
    return {{}, error.what()};
  }
  if (content.empty()) return {{}, fmt::format("{} is empty", path.string())};
  return {std::move(content), {}};
}

bool open_to_everyone(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IROTH | S_IWOTH)) != 0;
}

}  // namespace acmed::config
