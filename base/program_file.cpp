// SPDX-License-Identifier: Apache-2.0
#include "base/program_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"

namespace acmed {
namespace {

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

/// Whoever may write to the folder can put another program in the place of this one, but for the sticky bit.
bool is_open_folder(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH;
}

}  // namespace

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  if (name.empty()) return {};
  for (auto rest = program_search_path; !rest.empty();) {
    const auto folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    if (auto path = fmt::format("{}/{}", folder, name); is_program(path)) return path;
  }
  return {};
}

std::string fault_of_program(const std::string& name) {
  const auto path = find_program(name);
  if (path.empty()) return fmt::format("there is no program {} in {}", name, program_search_path);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? "there is no file " + path : system_error_sentence("examine " + path, errno);
  }
  if (!S_ISREG(status.st_mode)) return path + " is no regular file";
  if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) {
    return fmt::format("acmed may not execute {} (mode {:04o}); a program is wanted: chmod +x {}", path,
                       status.st_mode & 07777, path);
  }
  if ((status.st_mode & S_IWOTH) != 0) {
    return fmt::format("every user of this host may write to {} (mode {:04o}); run: chmod o-w {}", path,
                       status.st_mode & 07777, path);
  }
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  for (const auto& folder : {std::filesystem::path(path).parent_path(), real.parent_path()}) {
    if (!is_open_folder(folder)) continue;
    return fmt::format("every user of this host may put another program in the place of {}; run: chmod o-w {}", path,
                       folder.string());
  }
  return {};
}

}  // namespace acmed
