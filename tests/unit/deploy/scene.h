// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "daemon/deploy/deploy.h"
#include "tests/unit/catch.h"

namespace acmed::deploy {

/// A folder with two generations of a certificate, a directory of a service, and programs that a target runs.
class Scene {
 public:
  Scene() : first_(make_generation("0001")), second_(make_generation("0002")) {
    std::filesystem::create_directory(service());
    std::filesystem::create_directory_symlink("generations/0002", root_ / "live");
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() { std::filesystem::remove_all(root_); }

  const Generation& first() const { return first_; }
  const Generation& second() const { return second_; }
  std::filesystem::path service() const { return root_ / "service"; }
  std::filesystem::path path(const std::string& name) const { return root_ / name; }

  config::Target target() const {
    config::Target target;
    target.name = "web";
    target.directory = service();
    target.files = {{config::FileKind::fullchain, "web.pem"}, {config::FileKind::privkey, "web.key"}};
    return target;
  }

  /// A program of /bin/sh that begins by noting NAME in the file `calls`.
  std::vector<std::string> program(const std::string& name, const std::string& text) const {
    write("service-programs/" + name, "#!/bin/sh\necho " + name + " >>" + path("calls").string() + "\n" + text + "\n");
    std::filesystem::permissions(path("service-programs/" + name), std::filesystem::perms::owner_all);
    return {path("service-programs/" + name).string()};
  }

  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name)) << content;
  }

  std::string read(const std::string& name) const {
    std::ifstream file(path(name));
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }

  mode_t mode(const std::string& name) const {
    struct stat status {};
    REQUIRE(::lstat(path(name).c_str(), &status) == 0);
    return status.st_mode & 07777;
  }

  /// Every file in the service's directory, hidden ones too, with its content and mode.
  std::map<std::string, std::pair<std::string, mode_t>> service_files() const {
    std::map<std::string, std::pair<std::string, mode_t>> files;
    for (const auto& entry : std::filesystem::directory_iterator(service())) {
      const auto name = "service/" + entry.path().filename().string();
      files[entry.path().filename().string()] = {read(name), mode(name)};
    }
    return files;
  }

 private:
  static std::filesystem::path make_root() {
    std::string pattern = (std::filesystem::temp_directory_path() / "acmed-deploy-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    return pattern;
  }

  Generation make_generation(const std::string& number) const {
    for (const auto* name : {"cert", "chain", "fullchain", "privkey"}) {
      write("generations/" + number + "/" + name + ".pem", std::string(name) + " of " + number + "\n");
    }
    return {"corp",         {"corp.example", "*.corp.example"},
            root_ / "live", root_ / "generations" / number,
            "0a" + number,  Time(std::chrono::sys_days(std::chrono::year(2027) / 2 / 1))};
  }

  std::filesystem::path root_ = make_root();
  Generation first_;
  Generation second_;
};

}  // namespace acmed::deploy
