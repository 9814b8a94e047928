// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/error.h"
#include "tests/unit/catch.h"

using namespace acmed;
namespace fs = std::filesystem;

namespace {

/// A folder for one test.
class Folder {
 public:
  Folder() {
    auto name = (fs::temp_directory_path() / "acmed-files-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a test's folder");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  fs::path operator/(const char* name) const { return path_ / name; }
  std::size_t size() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
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
  files::write_together(folder / "", {{"key", "one", 0600, {}}, {"cert", "two", 0644, {}}});
  CHECK(files::read(folder / "key") == "one");
  CHECK(files::read(folder / "cert") == "two");
  CHECK((fs::status(folder / "cert").permissions() & fs::perms::all) == static_cast<fs::perms>(0644));
  CHECK_THROWS_AS(files::write_together(folder / "", {{"new", "three", 0600, {}}, {"key", "four", 0600, {}}}), Retry);
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
  try {
    files::read(folder / "");
    FAIL("a folder was read");
  } catch (const Retry& error) {
    CHECK(error.cause() == "file:" + std::to_string(EISDIR));
    CHECK_THAT(error.what(), Catch::Contains((folder / "").string()) && Catch::Contains("directory"));
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
