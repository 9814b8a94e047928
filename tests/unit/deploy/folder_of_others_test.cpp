// SPDX-License-Identifier: Apache-2.0
// A target's directory that belongs to somebody else, who does there what he likes while acmed runs as root.
#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/error.h"
#include "base/log.h"
#include "daemon/deploy/file_set.h"
#include "daemon/deploy/owner_rights.h"
#include "daemon/deploy/target_folder.h"
#include "tests/unit/deploy/scene.h"

namespace acmed::deploy {
namespace {

using Catch::Contains;

constexpr uid_t daemon = 1;
constexpr uid_t bin = 2;

void give(const std::filesystem::path& path, uid_t user, gid_t group = 0) {
  REQUIRE(::lchown(path.c_str(), user, group) == 0);
}

std::string fault_of_way(const std::filesystem::path& directory) {
  try {
    open_target_folder(directory);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

uid_t owner_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_uid;
}

/// The name that acmed 0.1 gave its journal.
std::string former_journal() {
  return "service/.acmed-" + crypto::hex(crypto::sha256("corp/web")).substr(0, 16) + "-journal";
}

/// The scene, with a service's home that belongs to the user daemon, and a folder of root's with a file in it.
struct Home {
  Scene scene;
  std::filesystem::path directory = scene.path("home/tls");
  std::filesystem::path victim = scene.path("victim");

  Home() {
    log::set_level(log::Level::error);
    REQUIRE(::chmod(scene.path("").c_str(), 0755) == 0);
    std::filesystem::create_directories(directory);
    scene.write("victim/web.key", "another service's key");
    scene.write("victim/important", "precious");
    give(scene.path("home"), daemon, daemon);
    give(directory, daemon, daemon);
  }

  config::Target target() const {
    auto target = scene.target();
    target.directory = directory;
    return target;
  }
  FileSet files() const { return {target(), "corp", scene.journals()}; }

  void require_victim_untouched() const {
    CHECK(scene.read("victim/web.key") == "another service's key");
    CHECK(scene.read("victim/important") == "precious");
    CHECK(owner_of(victim / "web.key") == 0);
    CHECK(std::distance(std::filesystem::directory_iterator(victim), {}) == 2);
  }
};

}  // namespace

SCENARIO("a directory is used only when nobody can put another one in its place") {
  if (::geteuid() != 0) return;
  const Home home;
  CHECK(fault_of_way(home.directory).empty());

  WHEN("a folder on the way belongs to a third user") {
    give(home.scene.path("home"), bin);
    CHECK(fault_of_way(home.directory) == "the user bin can put something else in the place of " +
                                              home.directory.string() + ", since " + home.scene.path("home").string() +
                                              " belongs to that user; run: chown root " +
                                              home.scene.path("home").string());
  }
  WHEN("all may write to a folder on the way") {
    REQUIRE(::chmod(home.scene.path("home").c_str(), 0757) == 0);
    CHECK_THAT(fault_of_way(home.directory), Contains("run: chmod o-w " + home.scene.path("home").string()));
    AND_WHEN("it is sticky, so that names in it belong to their owners") {
      REQUIRE(::chmod(home.scene.path("home").c_str(), 01757) == 0);
      CHECK(fault_of_way(home.directory).empty());
    }
  }
  WHEN("all may write to the directory itself") {
    REQUIRE(::chmod(home.directory.c_str(), 01777) == 0);
    CHECK_THAT(fault_of_way(home.directory), Contains("run: chmod o-w " + home.directory.string()));
  }
  WHEN("a group of others may write to a folder on the way") {
    give(home.scene.path("home"), daemon, bin);
    REQUIRE(::chmod(home.scene.path("home").c_str(), 0775) == 0);
    CHECK_THAT(fault_of_way(home.directory), Contains("every member of the group bin may put something else") &&
                                                 Contains("run: chmod g-w " + home.scene.path("home").string()));
    AND_WHEN("it is the group of the directory's owner") {
      give(home.scene.path("home"), daemon, daemon);
      CHECK(fault_of_way(home.directory).empty());
    }
  }
  WHEN("it is root's, in a folder of a service") {
    give(home.directory, 0);
    CHECK_THAT(fault_of_way(home.directory), Contains("run: chown root " + home.scene.path("home").string()));
  }
  WHEN("it is a link") {
    std::filesystem::rename(home.directory, home.scene.path("home/was"));
    std::filesystem::create_symlink(home.victim, home.directory);
    CHECK_THAT(fault_of_way(home.directory),
               Contains(home.directory.string() + " is a symbolic link; write " + home.victim.string()));
    CHECK_THROWS_AS(home.files().install(home.scene.second().files), Refused);
    home.require_victim_untouched();
    AND_WHEN("the service has made it") {
      give(home.directory, daemon);
      THEN("where it leads is not recommended") {
        const auto fault = fault_of_way(home.directory);
        CHECK_THAT(fault, Contains("is a symbolic link, which the user daemon has made: remove it"));
        CHECK_THAT(fault, !Contains(home.victim.string()));
      }
    }
  }
  WHEN("a link is on the way") {
    std::filesystem::rename(home.scene.path("home"), home.scene.path("moved"));
    std::filesystem::create_symlink(home.scene.path("moved"), home.scene.path("home"));
    CHECK_THAT(fault_of_way(home.directory),
               Contains(home.scene.path("home").string() + " is a symbolic link; write " +
                        home.scene.path("moved/tls").string() + " in place of " + home.directory.string()));
  }
  WHEN("it is a pipe") {
    std::filesystem::remove(home.directory);
    REQUIRE(::mkfifo(home.directory.c_str(), 0666) == 0);
    CHECK_THAT(fault_of_way(home.directory), Contains("is no directory"));
  }
}

SCENARIO("what the owner of a directory plants there is not believed") {
  if (::geteuid() != 0) return;
  const Scene scene;
  log::set_level(log::Level::error);
  give(scene.service(), daemon, daemon);
  const FileSet files(scene.target(), "corp", scene.journals());
  const auto deploy = [&] {
    files.install(scene.second().files);
    files.keep();
    CHECK(scene.read("service/web.key") == "privkey of 0002\n");
    CHECK(scene.read("service/web.pem") == "fullchain of 0002\n");
  };
  scene.write("service/important", "precious");

  WHEN("it is a journal as acmed 0.1 kept it there") {
    scene.write(former_journal(), R"([{"name":"important","existed":false}])");
    deploy();
    THEN("it is not read, and goes with other names of ours") {
      CHECK(scene.read("service/important") == "precious");
      CHECK_FALSE(std::filesystem::exists(scene.path(former_journal())));
    }
  }
  WHEN("it is a pipe in the place of such a journal, or of a file") {
    REQUIRE(::mkfifo(scene.path(former_journal()).c_str(), 0666) == 0);
    REQUIRE(::mkfifo(scene.path("service/web.pem").c_str(), 0666) == 0);
    CHECK_FALSE(has_files_of(scene.target(), scene.second().files));
    files.install(scene.second().files);
    CHECK(files.former().existed);
    files.put_back();
    THEN("nobody waits for it, and it is put back like any other file") {
      CHECK(std::filesystem::is_fifo(scene.path("service/web.pem")));
      deploy();
    }
  }
  WHEN("it is a link to a file of root's in the place of a file") {
    scene.write("secret", "root's own");
    std::filesystem::create_symlink(scene.path("secret"), scene.path("service/web.key"));
    CHECK_FALSE(has_files_of(scene.target(), scene.second().files));
    deploy();
    THEN("the link is replaced, not what it leads to") {
      CHECK(scene.read("secret") == "root's own");
      CHECK_FALSE(std::filesystem::is_symlink(scene.path("service/web.key")));
    }
  }
  WHEN("it is a folder in the place of a file") {
    std::filesystem::create_directory(scene.path("service/web.key"));
    THEN("the sentence says so, and all is as before") {
      CHECK_THROWS_WITH(files.install(scene.second().files),
                        Contains(scene.path("service/web.key").string() + " is a folder"));
      CHECK_FALSE(std::filesystem::exists(scene.path("service/web.pem")));
      CHECK(std::distance(std::filesystem::directory_iterator(scene.service()), {}) == 2);
    }
  }
  WHEN("it has names like ours, but other ones") {
    const auto prefix = "service/.acmed-" + crypto::hex(crypto::sha256("corp/web")).substr(0, 16);
    scene.write(prefix + "-notes", "x");
    scene.write("service/.acmed-0123456789abcdef-old-web.pem", "another target's");
    std::filesystem::create_directory(scene.path(prefix + "-old-folder"));
    deploy();
    THEN("they stay") {
      CHECK(scene.read(prefix + "-notes") == "x");
      CHECK(scene.read("service/.acmed-0123456789abcdef-old-web.pem") == "another target's");
      CHECK(std::filesystem::exists(scene.path(prefix + "-old-folder")));
    }
  }
}

SCENARIO("files in a directory of somebody else's belong to whom the target says") {
  if (::geteuid() != 0) return;
  const Home home;
  WHEN("nobody is named") {
    home.files().install(home.scene.second().files);
    THEN("they are root's, and the owner of the directory has never had the key") {
      CHECK(owner_of(home.directory / "web.key") == 0);
      CHECK(home.scene.mode("home/tls/web.key") == 0640);
    }
  }
  WHEN("an owner is named") {
    auto target = home.target();
    target.owner = "bin";
    target.mode = 0600;
    const FileSet files(target, "corp", home.scene.journals());
    files.install(home.scene.second().files);
    files.keep();
    THEN("they are his, and what is there is looked at all the same") {
      CHECK(owner_of(home.directory / "web.key") == bin);
      CHECK(has_files_of(target, home.scene.second().files));
      CHECK_FALSE(has_files_of(target, home.scene.first().files));
    }
  }
  WHEN("there are former files of root's, which the owner of the directory may not link") {
    home.files().install(home.scene.first().files);
    home.files().keep();
    home.files().install(home.scene.second().files);
    CHECK(home.scene.read("home/tls/web.key") == "privkey of 0002\n");
    home.files().put_back();
    THEN("they come back") {
      CHECK(home.scene.read("home/tls/web.key") == "privkey of 0001\n");
      CHECK(std::distance(std::filesystem::directory_iterator(home.directory), {}) == 2);
    }
  }
}

SCENARIO("a thread has the rights of a folder's owner, and then its own again") {
  if (::geteuid() != 0) return;
  const Home home;
  struct stat status {};
  REQUIRE(::stat(home.directory.c_str(), &status) == 0);
  const auto can_write = [](const std::filesystem::path& path) {
    std::ofstream file(path);
    return file.good();
  };
  std::atomic<bool> taken = false;
  bool another_can = false;
  std::thread another([&] {
    while (!taken) std::this_thread::yield();
    another_can = can_write(home.scene.path("of-another-thread"));
  });
  {
    const OwnerRights rights(status);
    taken = true;
    another.join();
    CHECK(another_can);
    CHECK(can_write(home.directory / "own"));
    CHECK_FALSE(can_write(home.victim / "new"));
    CHECK_FALSE(can_write(home.victim / "important"));
  }
  CHECK(owner_of(home.directory / "own") == daemon);
  CHECK(can_write(home.victim / "new"));
  CHECK(owner_of(home.victim / "new") == 0);
}

SCENARIO("a directory that is exchanged again and again leads nowhere else") {
  if (::geteuid() != 0) return;
  const Home home;
  const auto link = home.scene.path("home/link");
  std::filesystem::create_symlink(home.victim, link);
  std::atomic<bool> ends = false;
  std::atomic<unsigned> exchanges = 0;
  std::thread attacker([&] {
    while (!ends) {
      ::syscall(SYS_renameat2, AT_FDCWD, home.directory.c_str(), AT_FDCWD, link.c_str(), 2U /* RENAME_EXCHANGE */);
      ++exchanges;
    }
  });
  unsigned deployed = 0;
  for (int round = 0; round < 300; ++round) {
    try {
      home.files().install((round % 2 == 0 ? home.scene.first() : home.scene.second()).files);
      ++deployed;
      if (round % 3 == 0) {
        home.files().put_back();
      } else {
        home.files().keep();
      }
    } catch (const Error&) {
      // It was not there, or was a link: as good as any answer.
    }
    has_files_of(home.target(), home.scene.first().files);
  }
  ends = true;
  attacker.join();
  CHECK(exchanges > 0);
  CHECK(deployed > 0);
  home.require_victim_untouched();
}

}  // namespace acmed::deploy
