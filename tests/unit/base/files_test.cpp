// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "tests/unit/base/watched_disk.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;
namespace fs = std::filesystem;

namespace {

/// A folder for one test.
class Folder {
 public:
  fs::path operator/(const char* name) const { return folder_.path() / name; }
  std::size_t size() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()));
  }

 private:
  TemporaryFolder folder_;
};

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file that is not there reads as nothing") {
  const Folder folder;
  CHECK(!files::read(folder / "none"));
}

TEST_CASE("a durable write replaces the whole file, sets its mode whatever the umask, and leaves nothing else") {
  const Folder folder;
  const auto before = umask(077);
  files::write_durably(folder / "f", std::string(100'000, 'a'), 0644);
  files::write_durably(folder / "f", "short", 0640);
  umask(before);
  CHECK(files::read(folder / "f") == "short");
  CHECK(mode_of(folder / "f") == 0640);
  CHECK(folder.size() == 1);
}

TEST_CASE("a durable write that fails leaves the old file and nothing else") {
  const Folder folder;
  fs::create_directory(folder / "d");
  CHECK_THROWS_AS(files::write_durably(folder / "d", "x", 0600), Retry);
  CHECK(folder.size() == 1);
  CHECK_THROWS_AS(files::write_durably(folder / "no/such/folder", "x", 0600), Retry);
}

TEST_CASE("a new file never replaces another") {
  const Folder folder;
  files::write_new(folder / "f", "one", 0600);
  CHECK_THROWS_AS(files::write_new(folder / "f", "two", 0600), Retry);
  CHECK(files::read(folder / "f") == "one");
}

TEST_CASE("the files of a folder are written together, and never replace one") {
  const Folder folder;
  files::write_together(folder / "", {{"key", "one", 0600}, {"cert", "two", 0644}});
  CHECK(files::read(folder / "key") == "one");
  CHECK(files::read(folder / "cert") == "two");
  CHECK((fs::status(folder / "cert").permissions() & fs::perms::all) == static_cast<fs::perms>(0644));
  CHECK_THROWS_AS(files::write_together(folder / "", {{"new", "three", 0600}, {"key", "four", 0600}}), Retry);
  CHECK(files::read(folder / "key") == "one");
}

TEST_CASE("a file that is larger than allowed is an error, not memory") {
  const Folder folder;
  files::write_new(folder / "f", std::string(1000, 'x'), 0600);
  CHECK(files::read(folder / "f", 1000)->size() == 1000);
  CHECK_THROWS_AS(files::read(folder / "f", 999), Retry);
}

TEST_CASE("an error names the path and the reason") {
  const Folder folder;
  files::write_new(folder / "f", "", 0600);
  try {
    files::read(folder / "f/below");
    FAIL("what is below a file was read");
  } catch (const Retry& error) {
    CHECK(error.cause() == "file:" + std::to_string(ENOTDIR));
    CHECK_THAT(error.what(), Catch::Contains((folder / "f/below").string()) && Catch::Contains("Not a directory"));
  }
}

SCENARIO("only regular files are read, and nothing else is waited for") {
  const Folder folder;
  const auto not_read = Catch::Contains("is no regular file");
  GIVEN("a pipe that nobody writes to") {
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    CHECK_THROWS_WITH(files::read(folder / "pipe"), not_read);
  }
  GIVEN("a pipe that somebody holds open") {
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    const Fd writer(::open((folder / "pipe").c_str(), O_RDWR | O_CLOEXEC));
    CHECK_THROWS_WITH(files::read(folder / "pipe"), not_read);
  }
  GIVEN("devices, and folders") {
    for (const auto* path : {"/dev/zero", "/dev/null", "/"}) CHECK_THROWS_WITH(files::read(path), not_read);
  }
  GIVEN("links") {
    files::write_new(folder / "f", "content", 0600);
    fs::create_symlink("f", folder / "link");
    fs::create_symlink("nowhere", folder / "dangling");
    CHECK(files::read(folder / "link") == "content");
    CHECK(!files::read(folder / "dangling"));
    THEN("they are refused where others may have put them") {
      CHECK_THROWS_WITH(files::read(folder / "link", 100, files::Links::refused), not_read);
      CHECK_THROWS_WITH(files::read(folder / "dangling", 100, files::Links::refused), not_read);
      CHECK(files::read(folder / "f", 100, files::Links::refused) == "content");
      CHECK(!files::read(folder / "none", 100, files::Links::refused));
    }
  }
}

SCENARIO("a process that is killed is in no later one's way, though that may have its pid") {
  const Folder folder;
  for (int count = 0; count < 100; ++count) {
    std::ofstream(folder / fmt::format(".f.{}.{}.new", getpid(), count).c_str()) << "half";
  }
  const auto before = folder.size();
  files::write_durably(folder / "f", "whole", 0600);
  files::write_once(folder / "f", "never", 0600);
  files::switch_link(folder / "l", "f");
  CHECK(files::read(folder / "f") == "whole");
  CHECK(folder.size() == before + 2);
}

SCENARIO("what a killed process was writing is told from all other files") {
  CHECK(files::leftover_of(".state.json.17.0.new") == "state.json");
  CHECK(files::leftover_of(".state.json.0123456789abcdef.42.new") == "state.json");
  CHECK(files::leftover_of(".www.example.1.0.new") == "www.example");
  for (const auto* name : {".state.json.new", "state.json.17.0.new", ".state.json.17.0.old", ".state.json.17.new",
                           ".state.json.0123456789abcde.4.new", ".state.json.0123456789ABCDEF.4.new", ".17.0.new",
                           ".state.json.17.x.new", "..new", ".new", "", "state.json"}) {
    INFO(name);
    CHECK(!files::leftover_of(name));
  }
  THEN("what this process is writing is none") {
    CHECK(!files::leftover_of(files::temporary_beside("/f").filename().string()));
    CHECK(files::temporary_beside("/f") != files::temporary_beside("/f"));
  }
}

SCENARIO("leftovers are removed, and nothing beside them") {
  const Folder folder;
  const auto is_leftover = [](std::string_view name) { return files::leftover_of(name).has_value(); };
  const auto fresh = files::temporary_beside(folder / "f");
  for (const auto& path : {folder / "f", folder / ".f.17.0.new", folder / "f.new", fresh}) std::ofstream(path) << "x";
  fs::create_symlink("f", folder / ".l.17.1.new");
  fs::create_directory(folder / ".0001.17.2.new");
  std::ofstream(folder / ".0001.17.2.new/privkey.pem") << "half";
  files::remove_leftovers(folder / "", is_leftover);
  CHECK(folder.size() == 3);
  CHECK(fs::exists(folder / "f"));
  CHECK(fs::exists(folder / "f.new"));
  CHECK(fs::exists(fresh));
  files::remove_leftovers(folder / "none", is_leftover);
}

TEST_CASE("a file that is never replaced is written once, and whole") {
  const Folder folder;
  files::write_once(folder / "f", "one", 0640);
  files::write_once(folder / "f", "two", 0600);
  CHECK(files::read(folder / "f") == "one");
  CHECK(mode_of(folder / "f") == 0640);
  CHECK(folder.size() == 1);
}

TEST_CASE("what this user may not do is told with the path") {
  if (::geteuid() == 0) return;
  const Folder folder;
  files::write_new(folder / "f", "", 0000);
  try {
    files::read(folder / "f");
    FAIL("it was read");
  } catch (const files::Denied& error) {
    CHECK(error.path() == folder / "f");
  }
}

TEST_CASE("a link is switched in one step, from anything to anything") {
  const Folder folder;
  files::switch_link(folder / "live", "0001");
  CHECK(fs::read_symlink(folder / "live") == "0001");
  files::switch_link(folder / "live", "0002");
  CHECK(fs::read_symlink(folder / "live") == "0002");
  CHECK(folder.size() == 1);
  files::write_new(folder / "plain", "x", 0600);
  files::switch_link(folder / "plain", "0003");
  CHECK(fs::read_symlink(folder / "plain") == "0003");
}

TEST_CASE("a folder is made with its parents, with its mode whatever the umask") {
  const Folder folder;
  const auto before = umask(077);
  files::make_folder(folder / "a/b/c", 0750);
  files::make_folder(folder / "a/b/c", 0750);
  umask(before);
  CHECK(mode_of(folder / "a/b/c") == 0750);
  CHECK(mode_of(folder / "a") == 0750);
  files::write_new(folder / "file", "", 0600);
  CHECK_THROWS_AS(files::make_folder(folder / "file", 0750), Retry);
}

TEST_CASE("files set aside keep their content and each other") {
  const Folder folder;
  std::vector<fs::path> aside;
  for (const auto* content : {"one", "two", "three"}) {
    files::write_new(folder / "state.json", content, 0600);
    aside.push_back(files::set_aside(folder / "state.json"));
    CHECK(!files::read(folder / "state.json"));
  }
  CHECK_THAT(aside[0].string(), Catch::Contains("state.json.corrupt-"));
  CHECK(files::read(aside[0]) == "one");
  CHECK(files::read(aside[1]) == "two");
  CHECK(files::read(aside[2]) == "three");
}

TEST_CASE("a lock is held by one at a time and given back at its end") {
  const Folder folder;
  {
    const auto first = files::lock(folder / "lock");
    CHECK(first);
    CHECK(!files::lock(folder / "lock"));
  }
  CHECK(files::lock(folder / "lock"));
}

SCENARIO("what has its name is on the disk, and so is the name") {
  const Folder folder;
  using Steps = std::vector<std::string>;
  const auto name = (folder / "").parent_path().filename().string();
  const test::WatchedDisk disk;
  const auto seen = [&disk] { return disk.texts({"sync", "rename", "link"}); };
  WHEN("a file is written durably") {
    files::write_durably(folder / "f", "content", 0600);
    CHECK(seen() == Steps{"sync new f", "rename new f to f", "sync " + name});
  }
  WHEN("a file is written once") {
    files::write_once(folder / "f", "content", 0600);
    CHECK(seen() == Steps{"sync new f", "link new f to f", "sync " + name});
  }
  WHEN("files are written together") {
    files::write_together(folder / "", {{"a", "1", 0600}, {"b", "2", 0600}});
    CHECK(seen() == Steps{"sync a", "sync b", "sync " + name});
  }
  WHEN("a folder is made") {
    files::make_folder(folder / "sub", 0700);
    CHECK(seen() == Steps{"sync " + name});
  }
  WHEN("a link is switched") {
    files::switch_link(folder / "l", "somewhere");
    CHECK(seen() == Steps{"rename new l to l", "sync " + name});
  }
  WHEN("a file is set aside") {
    files::write_new(folder / "f", "content", 0600);
    files::set_aside(folder / "f");
    CHECK(seen().size() == 3);
    CHECK(seen().back() == "sync " + name);
  }
}

SCENARIO("a link is there at every moment of being switched") {
  const Folder folder;
  files::switch_link(folder / "l", "one");
  const test::WatchedDisk disk;
  files::switch_link(folder / "l", "two");
  CHECK(fs::read_symlink(folder / "l") == "two");
  CHECK(disk.texts({"unlink", "rename"}) == std::vector<std::string>{"rename new l to l"});
}
