// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/config.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::config {

/// A folder with configuration files, removed at the end.
class Folder {
 public:
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  void write(const std::string& name, const std::string& content, mode_t mode = 0600) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name)) << content;
    ::chmod(path(name).c_str(), mode);
  }

  /// Loads `text` as acmed.toml of this folder.
  Config load(const std::string& text) const {
    write("acmed.toml", text);
    return config::load(path("acmed.toml"));
  }

  /// All faults of `text`, one a line, with the folder's path left out.
  std::string faults(const std::string& text) const {
    try {
      load(text);
    } catch (const Faults& faults) {
      std::string all = faults.what();
      const auto prefix = folder_.path().string() + "/";
      for (auto at = all.find(prefix); at != std::string::npos; at = all.find(prefix)) all.erase(at, prefix.size());
      return all;
    }
    return "none";
  }

 private:
  TemporaryFolder folder_;
};

/// What most tests need before the lines that they are about: the first 7 lines of a file.
inline const std::string basis = R"([ca.letsencrypt]
terms_agreed = true
[provider.bind]
type = "rfc2136"
server = "ns1.corp.example"
zones = ["corp.example", "other.example"]

)";

}  // namespace acmed::config
