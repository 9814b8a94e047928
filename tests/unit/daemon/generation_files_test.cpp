// SPDX-License-Identifier: Apache-2.0
#include "daemon/store/generation_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "daemon/store/key_group.h"
#include "tests/unit/base/test_ca.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::store {
namespace {

namespace fs = std::filesystem;

constexpr uid_t stranger = 65534;

crypto::PrivateKey make_key() {
  return crypto::PrivateKey::generate(crypto::KeyType::ecdsa_p256);
}

/// A generation's folder. Without meta.json nobody can tell when it was written, so all is looked at.
struct World {
  TemporaryFolder folder;
  test::TestCa ca;
  crypto::PrivateKey key = make_key();
  std::string leaf = ca.issue(key, {{"web.test"}, false, "01", {}}).to_pem();

  World() {
    log::set_level(log::Level::error);
    write("privkey.pem", key.to_pem().reveal());
    write("cert.pem", leaf);
    write("chain.pem", ca.root_pem());
    write("fullchain.pem", leaf + ca.root_pem());
  }
  fs::path path(const std::string& name) const { return folder.path() / name; }
  void write(const std::string& name, const std::string& content) const {
    files::write_durably(path(name), content, 0600);
  }
  std::string read(const std::string& name) const { return files::read(path(name)).value_or("nothing"); }
  std::optional<std::string> fault() const { return fault_of(folder.path().string()); }
};

}  // namespace

SCENARIO("a generation whose files are whole has no fault") {
  const World world;
  CHECK_FALSE(world.fault());
}

SCENARIO("a key that is missing, empty or cut off is a fault") {
  const World world;
  WHEN("it is missing") {
    fs::remove(world.path("privkey.pem"));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is missing"));
  }
  WHEN("it is empty") {
    world.write("privkey.pem", "");
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is empty"));
  }
  WHEN("it is cut off") {
    world.write("privkey.pem", world.key.to_pem().reveal().substr(0, 100));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is damaged"));
  }
}

SCENARIO("certificates that follow from others are written again") {
  const World world;
  const auto expect_mended = [&world] {
    CHECK_FALSE(world.fault());
    CHECK(world.read("cert.pem") == world.leaf);
    CHECK(world.read("chain.pem") == world.ca.root_pem());
    CHECK(world.read("fullchain.pem") == world.leaf + world.ca.root_pem());
  };
  for (const std::string name : {"cert.pem", "chain.pem", "fullchain.pem"}) {
    WHEN(name + " is missing") {
      fs::remove(world.path(name));
      expect_mended();
    }
    WHEN(name + " is empty") {
      world.write(name, "");
      expect_mended();
    }
    WHEN(name + " is full of zeros, as after a power cut") {
      world.write(name, std::string(1000, '\0'));
      expect_mended();
    }
  }
  WHEN("the full chain is cut off between two certificates") {
    world.write("fullchain.pem", world.leaf);
    expect_mended();
  }
  WHEN("the folder was lost with all certificates") {
    fs::remove(world.path("cert.pem"));
    fs::remove(world.path("fullchain.pem"));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("fullchain.pem is missing or damaged"));
  }
}

SCENARIO("what was not changed since the generation was written is not read, unless it is empty or missing") {
  const World world;
  const auto other = world.ca.issue(make_key(), {{"web.test"}, false, "02", {}}).to_pem();
  world.write("cert.pem", other);
  world.write("fullchain.pem", other + world.ca.root_pem());
  world.write("meta.json", "{}");
  CHECK_FALSE(world.fault());
  WHEN("the key is empty") {
    world.write("privkey.pem", "");
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("privkey.pem is empty"));
  }
  WHEN("a certificate is missing") {
    fs::remove(world.path("cert.pem"));
    CHECK_THAT(world.fault().value_or(""), Catch::Contains("do not belong together"));
  }
}

SCENARIO("key and certificate that are no pair are a fault") {
  const World world;
  const auto other = world.ca.issue(make_key(), {{"web.test"}, false, "02", {}}).to_pem();
  CHECK_FALSE(world.fault());
  world.write("cert.pem", other);
  world.write("fullchain.pem", other + world.ca.root_pem());
  CHECK_THAT(world.fault().value_or(""), Catch::Contains("do not belong together"));
}

SCENARIO("who may read a key is put right, and told") {
  const World world;
  const auto own = ::getegid();
  const auto folder = world.folder.path().string();
  const auto key = [&world] {
    struct stat status {};
    REQUIRE(::stat(world.path("privkey.pem").c_str(), &status) == 0);
    return status;
  };
  REQUIRE(::chmod(world.path("privkey.pem").c_str(), 0644) == 0);
  const auto former = give_key_to(folder, own, {});
  CHECK_THAT(former, Catch::Contains("privkey.pem had the mode 0644 and the group "));
  CHECK((key().st_mode & 07777) == 0640);
  CHECK(key().st_gid == own);
  CHECK(give_key_to(folder, own, {}).empty());
  CHECK_THAT(give_key_to(folder, std::nullopt, {}), Catch::Contains("had the mode 0640"));
  CHECK((key().st_mode & 07777) == 0600);
  if (::geteuid() == 0) {
    give_key_to(folder, 2, {});
    CHECK(key().st_gid == 2);
  }
}

SCENARIO(
    "to the look at the next start a key that was given to its group is unchanged, and one that was changed is not") {
  const World world;
  world.write("meta.json", "{}");
  give_key_to(world.folder.path().string(), ::getegid(), {});
  struct stat key {};
  struct stat meta {};
  ::stat(world.path("privkey.pem").c_str(), &key);
  ::stat(world.path("meta.json").c_str(), &meta);
  CHECK(std::pair(key.st_ctim.tv_sec, key.st_ctim.tv_nsec) <= std::pair(meta.st_ctim.tv_sec, meta.st_ctim.tv_nsec));
}

/// Gives the key to the group 2 as a user who may not. 0: done; 1: refused, and the sentence says what to type.
int give_without_right(const World& world, const fs::path& state_directory) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 4;
    if (::setgroups(0, nullptr) == 0 && ::setgid(stranger) == 0 && ::setuid(stranger) == 0) {
      try {
        give_key_to(world.folder.path().string(), 2, state_directory);
        status = 0;
      } catch (const Refused& refused) {
        const auto mend = fmt::format("-g bin -m 2700 {}/groups/2", state_directory.string());
        status = refused.cause() == "live:group" && std::strstr(refused.what(), mend.c_str()) != nullptr ? 1 : 2;
      } catch (const std::exception&) {
        status = 3;
      }
    }
    ::_exit(status);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

SCENARIO("a key that may not be given to its group gets there by a folder of that group, and otherwise stays closed") {
  if (::geteuid() != 0) return;
  const World world;
  const TemporaryFolder state;
  REQUIRE(::chmod(world.path("privkey.pem").c_str(), 0644) == 0);
  for (const auto& entry : fs::recursive_directory_iterator(world.folder.path())) {
    REQUIRE(::lchown(entry.path().c_str(), stranger, stranger) == 0);
  }
  for (const auto& folder : {world.folder.path(), state.path()}) {
    REQUIRE(::lchown(folder.c_str(), stranger, stranger) == 0);
  }
  const auto key = [&world] {
    struct stat status {};
    REQUIRE(::stat(world.path("privkey.pem").c_str(), &status) == 0);
    return status;
  };
  const auto group_folder = store::group_folder(state.path(), 2);
  fs::create_directories(group_folder);
  const auto make_group_folder = [&group_folder](uid_t owner, gid_t group, mode_t mode) {
    REQUIRE(::chown(group_folder.c_str(), owner, group) == 0);
    REQUIRE(::chmod(group_folder.c_str(), mode) == 0);
  };

  WHEN("there is none of that group") {
    const auto [owner, group, mode] =
        GENERATE(std::tuple<uid_t, gid_t, mode_t>{0, 2, 02700}, std::tuple<uid_t, gid_t, mode_t>{stranger, 2, 0700},
                 std::tuple<uid_t, gid_t, mode_t>{stranger, 3, 02700});
    make_group_folder(owner, group, mode);
    CHECK(give_without_right(world, state.path()) == 1);
    CHECK((key().st_mode & 07777) == 0600);
    CHECK(key().st_gid == stranger);
  }
  WHEN("there is one") {
    make_group_folder(stranger, 2, 02700);
    const auto before = files::read(world.path("privkey.pem"));
    CHECK(give_without_right(world, state.path()) == 0);
    CHECK((key().st_mode & 07777) == 0640);
    CHECK(key().st_gid == 2);
    CHECK(key().st_uid == stranger);
    CHECK(files::read(world.path("privkey.pem")) == before);
    CHECK(fs::is_empty(group_folder));
    CHECK_FALSE(world.fault());
  }
}

}  // namespace acmed::store
