// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/deploy/deploy.h"
#include "daemon/store/publisher.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::deploy {

/// A publisher that notes what it put in service.
class NotedPublisher final : public store::Publisher {
 public:
  Task<> publish(std::string, store::Generation generation, store::KeyGroup) override {
    if (is_broken) throw Retry("file:28", "no space left on device");
    numbers.push_back(generation.number);
    co_return;
  }
  Task<> grant_key(std::string, unsigned, store::KeyGroup) override { co_return; }
  Task<std::optional<unsigned>> published(std::string) override {
    co_return numbers.empty() ? std::nullopt : std::optional(numbers.back());
  }
  Task<std::vector<store::Published>> look(std::vector<store::Expected> expected) override {
    co_return std::vector<store::Published>(expected.size());
  }
  std::filesystem::path path(const std::string& name) const override { return "/live/" + name; }

  std::vector<unsigned> numbers;
  bool is_broken = false;
};

/// A folder with two generations of a certificate, a directory of a service, and programs that a target runs.
class Scene {
 public:
  Scene() : first_(make_generation(1)), second_(make_generation(2)) {
    std::filesystem::create_directory(service());
    std::filesystem::create_directory(journals());
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  const Generation& first() const { return first_; }
  const Generation& second() const { return second_; }
  std::filesystem::path service() const { return root_ / "service"; }
  std::filesystem::path path(const std::string& name) const { return root_ / name; }
  NotedPublisher& publisher() const { return publisher_; }
  std::filesystem::path journals() const { return path("journals"); }
  /// That of the target, when there is one.
  std::optional<std::filesystem::path> journal() const {
    for (const auto& entry : std::filesystem::directory_iterator(journals())) {
      if (entry.path().extension() == ".json") return entry.path();
    }
    return std::nullopt;
  }

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
  Generation make_generation(unsigned number) const {
    const auto content = [number](const char* name) { return fmt::format("{} of {:04}\n", name, number); };
    Generation generation{
        {number, {}, {Secret(content("privkey")), content("cert"), content("chain"), content("fullchain")}},
        "corp",
        root_ / "live"};
    generation.meta.domains = {"corp.example", "*.corp.example"};
    generation.meta.serial = fmt::format("0a{:04}", number);
    generation.meta.not_after = Time(std::chrono::sys_days(std::chrono::year(2027) / 2 / 1));
    return generation;
  }

  TemporaryFolder folder_;
  const std::filesystem::path& root_ = folder_.path();
  mutable NotedPublisher publisher_;
  Generation first_;
  Generation second_;
};

}  // namespace acmed::deploy
