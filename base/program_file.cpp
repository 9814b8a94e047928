// SPDX-License-Identifier: Apache-2.0
#include "base/program_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/trusted_path.h"

namespace acmed {
namespace {

bool is_program(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

bool is_on_noexec(const std::string& path) {
  struct statvfs status {};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_NOEXEC) != 0;
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
  std::optional<files::Walk> way;
  try {
    way = files::walk(path, files::Links::followed);
  } catch (const Error& error) {
    return error.what();
  }
  if (!way) return "there is no file " + path;
  const auto& status = way->last().status;
  if (!S_ISREG(status.st_mode)) return path + " is no regular file";
  if (::faccessat(way->folder.get(), way->name.c_str(), X_OK, AT_EACCESS) != 0) {
    if (is_on_noexec(path)) {
      return fmt::format("{} is on a file system that is mounted noexec: move it to another one, such as that of /usr",
                         path);
    }
    return fmt::format("acmed may not execute {} (mode {:04o}); a program is wanted: chmod +x {}", path,
                       status.st_mode & 07777, path);
  }
  return files::fault_of(*way, files::Trusted::of_process());
}

}  // namespace acmed
