// SPDX-License-Identifier: Apache-2.0
#include "base/program_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/catch.h"

using namespace acmed;
using Catch::Contains;

namespace {

class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("acmed-program-test-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string program(const std::string& name, mode_t mode) const {
    const auto file = path_ / name;
    std::ofstream(file) << "#!/bin/sh\n";
    chmod(file.c_str(), mode);
    return file;
  }
  std::filesystem::path path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

SCENARIO("a program is run only when it is one, and not everybody's") {
  const Folder folder;
  const auto good = folder.program("good", 0755);
  CHECK(fault_of_program(good).empty());
  CHECK(fault_of_program("sh").empty());
  CHECK_THAT(fault_of_program("/no/such/program"), Contains("there is no file /no/such/program"));
  CHECK_THAT(fault_of_program("no-such-program"), Contains("there is no program no-such-program in /usr/local/sbin:"));
  CHECK_THAT(fault_of_program(folder.path()), Contains("is no regular file"));
  CHECK_THAT(fault_of_program("/dev/null"), Contains("is no regular file"));
  const auto plain = folder.program("plain", 0644);
  CHECK_THAT(fault_of_program(plain), Contains("chmod +x " + plain));
  const auto open = folder.program("open", 0777);
  CHECK_THAT(fault_of_program(open), Contains("every user of this host may write to " + open));
  CHECK_THAT(fault_of_program(good + "/x"), Contains("Not a directory"));

  WHEN("everybody may write to its folder") {
    chmod(folder.path().c_str(), 0777);
    CHECK_THAT(fault_of_program(good), Contains("chmod o-w " + folder.path().string()));
    chmod(folder.path().c_str(), 01777);
    CHECK(fault_of_program(good).empty());
  }
  if (geteuid() == 0) {
    WHEN("it belongs to somebody else, or its folder does") {
      REQUIRE(chown(good.c_str(), 1, 0) == 0);
      CHECK_THAT(fault_of_program(good), Contains("chown root " + good));
      REQUIRE(chown(good.c_str(), 0, 0) == 0);
      REQUIRE(chown(folder.path().c_str(), 1, 0) == 0);
      CHECK_THAT(fault_of_program(good), Contains("chown root " + folder.path().string()));
    }
    WHEN("a group of others may write to it") {
      REQUIRE(chown(good.c_str(), 0, 1) == 0);
      chmod(good.c_str(), 0775);
      CHECK_THAT(fault_of_program(good), Contains("chmod g-w " + good));
    }
  }
  WHEN("it is a link into such a folder") {
    const auto elsewhere = folder.path() / "open-folder";
    std::filesystem::create_directory(elsewhere);
    std::filesystem::rename(good, elsewhere / "good");
    std::filesystem::create_symlink(elsewhere / "good", good);
    CHECK(fault_of_program(good).empty());
    chmod(elsewhere.c_str(), 0777);
    CHECK_THAT(fault_of_program(good), Contains("chmod o-w " + elsewhere.string()));
  }
}
