// SPDX-License-Identifier: Apache-2.0
#include "config/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/fd.h"

namespace acmed::config {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;
constexpr std::size_t block_size = 16384;
constexpr mode_t everyone = S_IROTH | S_IWOTH | S_IXOTH;

}  // namespace

std::filesystem::path absolute_path(const std::string& path, const Place& place) {
  // The second operand wins when it is absolute.
  return (std::filesystem::absolute(place.file).parent_path() / path).lexically_normal();
}

Checked<> named_file(const std::filesystem::path& path, bool secret) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && errno == ENOENT) return {{}, fmt::format("there is no file {}", path.string())};
  if (!fd) return {{}, system_error_sentence("read " + path.string(), errno)};
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return {{}, system_error_sentence("examine " + path.string(), errno)};
  if (!S_ISREG(status.st_mode)) return {{}, fmt::format("{} is no regular file", path.string())};
  if (secret && (status.st_mode & everyone) != 0) {
    return {{},
            fmt::format("{} is open to every user of this host (mode {:04o}); run: chmod o= {}", path.string(),
                        status.st_mode & 07777, path.string())};
  }
  std::string content;
  for (;;) {
    const auto start = content.size();
    content.resize(start + block_size);
    const auto count = ::read(fd.get(), content.data() + start, content.size() - start);
    if (count < 0 && errno != EINTR) return {{}, system_error_sentence("read " + path.string(), errno)};
    content.resize(start + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) break;
    if (content.size() > largest_file) {
      return {{}, fmt::format("{} is larger than {} bytes", path.string(), largest_file)};
    }
  }
  if (content.empty()) return {{}, fmt::format("{} is empty", path.string())};
  return {std::move(content), {}};
}

bool open_to_everyone(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IROTH | S_IWOTH)) != 0;
}

}  // namespace acmed::config
