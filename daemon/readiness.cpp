// SPDX-License-Identifier: Apache-2.0
#include "daemon/readiness.h"

#include <errno.h>
#include <sys/stat.h>

#include <algorithm>

namespace acmed {
namespace {

bool is_there(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno == EACCES;
  return S_ISREG(status.st_mode) && status.st_size > 0;
}

}  // namespace

std::string missing_file(const config::Config& config, const std::vector<std::string>& names) {
  for (const auto& certificate : config.certificates) {
    if (!names.empty() && std::ranges::find(names, certificate.name) == names.end()) continue;
    std::vector<std::filesystem::path> files;
    const auto live = config.state_directory / "live" / certificate.name;
    if (!certificate.key) files.push_back(live / "privkey.pem");
    files.push_back(live / "fullchain.pem");
    for (const auto& target : certificate.deploy) {
      if (!target.directory) continue;
      for (const auto& [kind, name] : target.files) files.push_back(*target.directory / name);
    }
    const auto missing = std::ranges::find_if_not(files, is_there);
    if (missing != files.end()) return missing->string();
  }
  return {};
}

}  // namespace acmed
