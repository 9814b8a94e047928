// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy_helper/group_folders.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "daemon/store/key_group.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::deploy_helper {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr uid_t daemons_user = 65534;
constexpr gid_t bin = 2;
constexpr gid_t sys = 3;

/// A configuration, and the state directory of a daemon that works as another user than root.
struct Host {
  TemporaryFolder folder;
  TemporaryFolder settings;
  fs::path state = folder.path() / "state";
  fs::path config = settings.path() / "acmed.toml";

  Host() {
    log::set_level(log::Level::error);
    fs::create_directory(state);
    REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
    give(state, daemons_user, daemons_user);
    files::write_durably(config,
                         fmt::format(R"(state_directory = "{}"
[defaults]
group = "bin"
[[certificate]]
domains = ["a.test"]
[[certificate]]
domains = ["b.test"]
group = {}
[[certificate]]
domains = ["c.test"]
group = "no-such-group"
)",
                                     state.string(), sys),
                         0600);
  }
  static void give(const fs::path& path, uid_t user, gid_t group) { REQUIRE(::lchown(path.c_str(), user, group) == 0); }
  struct stat look(const fs::path& path) const {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
  }
  void check_folder_of(gid_t group) const {
    const auto status = look(store::group_folder(state, group));
    CHECK((status.st_mode & 07777) == 02700);
    CHECK(status.st_uid == daemons_user);
    CHECK(status.st_gid == group);
  }
};

}  // namespace

SCENARIO("each group that may read a key gets a folder, and gets it back as it was made") {
  if (::geteuid() != 0) return;
  const Host host;
  make_group_folders(host.config);
  host.check_folder_of(bin);
  host.check_folder_of(sys);
  CHECK((host.look(host.state / "groups").st_mode & 07777) == 0711);
  CHECK(host.look(host.state / "groups").st_uid == daemons_user);

  // As chown -R leaves it.
  Host::give(store::group_folder(host.state, bin), daemons_user, daemons_user);
  REQUIRE(::chmod(store::group_folder(host.state, bin).c_str(), 0755) == 0);
  make_group_folders(host.config);
  host.check_folder_of(bin);
}

SCENARIO("what the daemon's user has laid in the place of a folder is not followed") {
  if (::geteuid() != 0) return;
  const Host host;
  const TemporaryFolder elsewhere;
  const auto before = host.look(elsewhere.path());
  const auto laid = GENERATE(as<std::string>(), "groups", "groups/2");
  if (laid != "groups") fs::create_directory(host.state / "groups");
  fs::create_symlink(elsewhere.path(), host.state / laid);
  CHECK_THROWS_AS(make_group_folders(host.config), Error);
  CHECK(fs::is_empty(elsewhere.path()));
  const auto after = host.look(elsewhere.path());
  CHECK(std::tuple(after.st_mode, after.st_uid, after.st_gid) ==
        std::tuple(before.st_mode, before.st_uid, before.st_gid));
}

SCENARIO("a folder of a third user is left alone, and so is a state directory that others can lead elsewhere") {
  if (::geteuid() != 0) return;
  const Host host;
  WHEN("somebody else's folder is there") {
    fs::create_directory(host.state / "groups");
    fs::create_directory(host.state / "groups" / "2");
    Host::give(host.state / "groups" / "2", 1, 1);
    CHECK_THROWS_WITH(make_group_folders(host.config), Contains("belongs to the user daemon"));
    CHECK(host.look(host.state / "groups" / "2").st_gid == 1);
  }
  WHEN("root has made one") {
    fs::create_directory(host.state / "groups");
    fs::create_directory(host.state / "groups" / "2");
    make_group_folders(host.config);
    CHECK(host.look(host.state / "groups").st_uid == 0);
    CHECK(host.look(host.state / "groups" / "2").st_uid == 0);
    host.check_folder_of(sys);
  }
  WHEN("others may exchange the state directory") {
    REQUIRE(::chmod(host.folder.path().c_str(), 0777) == 0);
    CHECK_THROWS_WITH(make_group_folders(host.config), Contains(host.folder.path().string()));
    CHECK_FALSE(fs::exists(host.state / "groups"));
  }
  WHEN("the configuration has a fault") {
    files::write_durably(host.config, "[[certificate]]\ndomains = 7\n", 0600);
    CHECK_THROWS_WITH(make_group_folders(host.config), Contains("which acmed --check tells"));
  }
  WHEN("there is none yet") {
    fs::remove(host.state);
    CHECK_THROWS_WITH(make_group_folders(host.config), Contains("acmed makes it when it starts"));
  }
}

SCENARIO("where acmed works as root no folder is needed") {
  if (::geteuid() != 0) return;
  const Host host;
  Host::give(host.state, 0, 0);
  make_group_folders(host.config);
  CHECK(fs::is_empty(host.state));
}

}  // namespace acmed::deploy_helper
