// SPDX-License-Identifier: Apache-2.0
#include "base/trusted_path.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

constexpr uid_t somebody = 1;     // daemon
constexpr gid_t their_group = 2;  // bin

/// ROOT/a/b/file, all of root's.
struct Place {
  TemporaryFolder folder;
  fs::path root = folder.path();
  fs::path file = root / "a/b/file";

  Place() {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "content";
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
  }

  static void give(const fs::path& path, uid_t user, gid_t group = 0) {
    REQUIRE(::lchown(path.c_str(), user, group) == 0);
  }
  static void set_mode(const fs::path& path, mode_t mode) { REQUIRE(::chmod(path.c_str(), mode) == 0); }

  std::string fault(const fs::path& path) const {
    try {
      const auto text = files::read_trusted(path, 100, files::Trusted::of_process());
      REQUIRE(text);
      CHECK(*text == "content");
      return {};
    } catch (const files::Untrusted& error) {
      CHECK(error.cause() == "file:untrusted");
      return error.what();
    }
  }
  std::string fault() const { return fault(file); }
};

}  // namespace

SCENARIO("a file is read only when nobody but root and this process's user can change what its path leads to") {
  if (::geteuid() != 0) return;
  const Place place;
  const auto folder = place.root / "a";
  CHECK(place.fault().empty());

  WHEN("it belongs to somebody else") {
    Place::give(place.file, somebody);
    CHECK(place.fault() == place.file.string() + " belongs to the user daemon, who can change it; run: chown root " +
                               place.file.string());
  }
  WHEN("all may write to it") {
    Place::set_mode(place.file, 0646);
    CHECK(place.fault() == "every user of this host may write to " + place.file.string() +
                               " (mode 0646); run: chmod o-w " + place.file.string());
  }
  WHEN("a group may write to it") {
    Place::set_mode(place.file, 0664);
    CHECK(place.fault().empty());  // root's group
    Place::give(place.file, 0, their_group);
    Place::set_mode(place.file, 0664);
    CHECK(place.fault() == "every member of the group bin may write to " + place.file.string() +
                               " (mode 0664); run: chmod g-w " + place.file.string());
  }
  WHEN("a folder two above it belongs to somebody else") {
    Place::give(folder, somebody);
    CHECK(place.fault() == "the user daemon can put something else in the place of " + place.file.string() +
                               ", since " + folder.string() + " belongs to that user; run: chown root " +
                               folder.string());
  }
  WHEN("all may write to a folder two above it") {
    Place::set_mode(folder, 0777);
    CHECK(place.fault() == "every user of this host may put something else in the place of " + place.file.string() +
                               ", since " + folder.string() + " has the mode 0777; run: chmod o-w " + folder.string());
    AND_WHEN("that is sticky, as /tmp is") {
      Place::set_mode(folder, 01777);
      CHECK(place.fault().empty());
      Place::give(folder / "b", somebody);
      CHECK_THAT(place.fault(), Contains("chown root " + (folder / "b").string()));
    }
  }
  WHEN("a group may write to a folder two above it") {
    Place::give(folder, 0, their_group);
    Place::set_mode(folder, 0775);
    CHECK_THAT(place.fault(), Contains("every member of the group bin may put something else") &&
                                  Contains("chmod g-w " + folder.string()));
  }
  WHEN("an access control list lets somebody else write to it, or to a folder two above it") {
    // 0664, the user daemon: rw-, mask rw-
    const std::string list(
        "\2\0\0\0\1\0\6\0\xff\xff\xff\xff\2\0\6\0\1\0\0\0\4\0\4\0\xff\xff\xff\xff\x10\0\6\0\xff\xff\xff\xff"
        "\x20\0\4\0\xff\xff\xff\xff",
        44);
    const auto set = [&](const fs::path& path) {
      return ::setxattr(path.c_str(), "system.posix_acl_access", list.data(), list.size(), 0) == 0;
    };
    if (!set(place.file)) return;  // a file system without such lists
    CHECK(place.fault() == "the user daemon may write there by the access control list of " + place.file.string() +
                               "; run: setfacl -x u:daemon " + place.file.string());
    REQUIRE(::removexattr(place.file.c_str(), "system.posix_acl_access") == 0);
    REQUIRE(set(folder));
    CHECK_THAT(place.fault(),
               Contains("the user daemon may put something else in the place of " + place.file.string()) &&
                   Contains("setfacl -x u:daemon " + folder.string()));
    auto masked = list;
    masked[masked.size() - 14] = 4;
    REQUIRE(::setxattr(folder.c_str(), "system.posix_acl_access", masked.data(), masked.size(), 0) == 0);
    CHECK(files::parse_access_list(masked)->users.empty());
    CHECK(files::parse_access_list(list)->users == std::vector<uid_t>{somebody});
    CHECK_FALSE(files::parse_access_list("x"));
  }
  WHEN("a link of root's leads to it") {
    fs::create_directory(place.root / "links");
    const auto link = place.root / "links/link";
    const int way = GENERATE(0, 1, 2, 3);
    if (way == 0) fs::create_symlink(place.file, link);
    if (way == 1) fs::create_symlink("../a/b/../b/file", link);
    if (way == 2) {
      fs::create_symlink(place.file, place.root / "links/second");
      fs::create_symlink("second", link);
    }
    if (way == 3) {
      fs::create_symlink("../a/b", place.root / "links/folder");
      fs::create_symlink("folder/file", link);
    }
    CHECK(place.fault(link).empty());
    AND_WHEN("where it leads is open to all") {
      Place::set_mode(place.file.parent_path(), 0777);
      CHECK_THAT(place.fault(link), Contains("chmod o-w " + place.file.parent_path().string()));
    }
    AND_WHEN("its own folder is open to all") {
      Place::set_mode(place.root / "links", 0777);
      CHECK_THAT(place.fault(link), Contains("chmod o-w " + (place.root / "links").string()));
    }
  }
  WHEN("a link of somebody else's leads to it, in a sticky folder") {
    const auto link = place.root / "tmp/link";
    fs::create_directory(place.root / "tmp");
    Place::set_mode(place.root / "tmp", 01777);
    fs::create_symlink(place.file, link);
    CHECK(place.fault(link).empty());
    Place::give(link, somebody);
    CHECK(place.fault(link) == "the link " + link.string() +
                                   " belongs to the user daemon, who can lead it elsewhere; run: chown -h root " +
                                   link.string());
  }
}

SCENARIO("a path that leads to nothing, nowhere or to no file is told as such") {
  const Place place;
  const auto read = [](const fs::path& path) { return files::read_trusted(path, 100, files::Trusted::of_process()); };
  CHECK_FALSE(read(place.root / "nothing"));
  CHECK_FALSE(read(place.root / "no/folder"));
  fs::create_symlink("nowhere", place.root / "dangling");
  CHECK_FALSE(read(place.root / "dangling"));
  CHECK_THROWS_WITH(read(place.file / "x"), Contains("Not a directory"));
  CHECK_THROWS_WITH(read(place.root / "a"), Contains("is no regular file"));
  REQUIRE(::mkfifo((place.root / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(read(place.root / "pipe"), Contains("is no regular file"));
  fs::create_symlink("circle", place.root / "circle");
  CHECK_THROWS_WITH(read(place.root / "circle"), Contains("Too many levels of symbolic links"));
  CHECK_THROWS_WITH(read("/dev/zero"), Contains("is no regular file"));
  std::ofstream(place.file) << std::string(101, 'x');
  CHECK_THROWS_WITH(read(place.file), Contains("is larger than 100 bytes"));
}
