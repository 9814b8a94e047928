// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/log.h"
#include "daemon/deploy/file_set.h"
#include "tests/unit/base/watched_disk.h"
#include "tests/unit/deploy/scene.h"

namespace acmed::deploy {
namespace {

/// A deployment whose test fails, by a process that finds what a crash left.
void try_again_in_vain(const Scene& scene) {
  log::set_level(log::Level::error);
  const FileSet files(scene.target(), "corp", scene.journals());
  files.install(scene.second().files);
  files.put_back();
}

/// What all hidden names of this replacement begin with, as a path below the scene.
std::string hidden_prefix(const Scene& scene) {
  const std::string middle = "-old-";
  for (const auto& [name, file] : scene.service_files()) {
    const auto place = name.find(middle);
    if (name.starts_with(".acmed-") && place != name.npos) return "service/" + name.substr(0, place + 1);
  }
  FAIL("no file has a second name");
  return {};
}

/// Where the first of `steps` is that `is_it`; past the last when none is.
template <class Predicate>
std::size_t place_of(const std::vector<test::DiskStep>& steps, Predicate is_it) {
  return static_cast<std::size_t>(std::ranges::find_if(steps, is_it) - steps.begin());
}

}  // namespace

SCENARIO("a crash in the middle of a deployment is mended by the next one") {
  const Scene scene;
  scene.write("service/web.pem", "old certificate");
  ::chmod(scene.path("service/web.pem").c_str(), 0604);
  const auto before = scene.service_files();
  const FileSet files(scene.target(), "corp", scene.journals());
  files.install(scene.second().files);
  const auto hidden = hidden_prefix(scene);
  REQUIRE(scene.journal());
  REQUIRE(scene.read("service/web.key") == "privkey of 0002\n");
  REQUIRE(scene.read(hidden + "old-web.pem") == "old certificate");

  WHEN("it happened while the test ran") {
    try_again_in_vain(scene);
    THEN("all is as before the first try") {
      CHECK(scene.service_files() == before);
    }
  }
  WHEN("the target is configured no more") {
    log::set_level(log::Level::error);
    CHECK(targets_with_journals(scene.journals()) == std::vector<TargetName>{{"corp", "web"}});
    take_back({"corp", "web"}, scene.journals());
    THEN("all is as before, and nothing is remembered of it") {
      CHECK(scene.service_files() == before);
      CHECK_FALSE(scene.journal());
      CHECK(targets_with_journals(scene.journals()).empty());
    }
  }
  WHEN("the target is configured no more, and its directory is gone") {
    log::set_level(log::Level::error);
    std::filesystem::remove_all(scene.service());
    take_back({"corp", "web"}, scene.journals());
    CHECK_FALSE(scene.journal());
  }
  WHEN("it happened before the last file was switched") {
    std::filesystem::rename(scene.path("service/web.key"), scene.path(hidden + "new-web.key"));
    try_again_in_vain(scene);
    THEN("all is as before, and no key is left in a hidden file") {
      CHECK(scene.service_files() == before);
    }
  }
  WHEN("it happened when the journal was written, but nothing was switched") {
    std::filesystem::rename(scene.path("service/web.key"), scene.path(hidden + "new-web.key"));
    std::filesystem::rename(scene.path(hidden + "old-web.pem"), scene.path("service/web.pem"));
    try_again_in_vain(scene);
    THEN("all is as before") {
      CHECK(scene.service_files() == before);
    }
  }
  WHEN("it happened when the old file had its second name, but still its place as well") {
    std::filesystem::remove(scene.path("service/web.pem"));
    std::filesystem::create_hard_link(scene.path(hidden + "old-web.pem"), scene.path("service/web.pem"));
    try_again_in_vain(scene);
    THEN("all is as before") {
      CHECK(scene.service_files() == before);
    }
  }
  WHEN("it happened on a file system without hard links, with the old file moved and no new one yet") {
    std::filesystem::remove(scene.path("service/web.pem"));
    std::filesystem::remove(scene.path("service/web.key"));
    try_again_in_vain(scene);
    THEN("all is as before") {
      CHECK(scene.service_files() == before);
    }
  }
  WHEN("it happened while the files were staged") {
    files.put_back();
    scene.write(hidden + "new-web.key", "half a k");
    try_again_in_vain(scene);
    THEN("all is as before, and no part of a key is left") {
      CHECK(scene.service_files() == before);
    }
  }
  WHEN("it happened when the deployment had succeeded, before the copies were removed") {
    std::filesystem::remove(*scene.journal());
    const FileSet again(scene.target(), "corp", scene.journals());
    again.install(scene.second().files);
    again.keep();
    THEN("the new files stay and the copies are gone") {
      CHECK(scene.service_files().size() == 2);
      CHECK(scene.read("service/web.pem") == "fullchain of 0002\n");
    }
  }
  WHEN("the journal is damaged") {
    scene.write("elsewhere/file", "somebody's\n");
    struct stat elsewhere {};
    struct stat folder {};
    REQUIRE(::stat(scene.path("elsewhere/file").c_str(), &elsewhere) == 0);
    REQUIRE(::stat(scene.service().c_str(), &folder) == 0);
    const auto now = Journal::Identity::of(elsewhere);
    std::ofstream(*scene.journal()) << fmt::format(
        R"({{"directory":"{}","inode":"{}","stage":"x",)"
        R"("files":[{{"name":"../elsewhere/file","existed":false,"inode":"{}","written":"{}"}}]}})",
        scene.service().string(), folder.st_ino, now.inode, now.written);
    log::set_level(log::Level::error);
    THEN("it is set aside, nothing is guessed, and the next deployment brings a whole pair") {
      CHECK_NOTHROW(files.put_back());
      CHECK_FALSE(scene.journal());
      CHECK(scene.read("elsewhere/file") == "somebody's\n");
      files.install(scene.first().files);
      files.keep();
      CHECK(scene.service_files().size() == 2);
      CHECK(scene.read("service/web.pem") == "fullchain of 0001\n");
    }
  }
  WHEN("the directory was removed meanwhile, and made anew") {
    const auto gone = scene.path("gone");
    std::filesystem::rename(scene.service(), gone);
    std::filesystem::create_directory(scene.service());
    scene.write("service/web.key", "of somebody");
    try_again_in_vain(scene);
    THEN("the new one is left as it is") {
      CHECK(scene.service_files().size() == 1);
      CHECK(scene.read("service/web.key") == "of somebody");
      CHECK_FALSE(scene.journal());
    }
  }
  WHEN("the target has got another directory in the configuration") {
    auto moved = scene.target();
    moved.directory = scene.path("other");
    std::filesystem::create_directory(*moved.directory);
    const FileSet there(moved, "corp", scene.journals());
    there.install(scene.first().files);
    there.keep();
    THEN("the former one is as before") {
      CHECK(scene.service_files() == before);
      CHECK(scene.read("other/web.pem") == "fullchain of 0001\n");
    }
  }
  WHEN("somebody has put another file in the place of a new one") {
    std::filesystem::remove(scene.path("service/web.key"));
    scene.write("service/web.key", "of somebody");
    files.put_back();
    THEN("it stays") {
      CHECK(scene.read("service/web.key") == "of somebody");
      CHECK(scene.read("service/web.pem") == "old certificate");
    }
  }
  WHEN("another target of the same directory is deployed") {
    auto mail = scene.target();
    mail.name = "mail";
    mail.files = {{config::FileKind::combined, "mail.pem"}};
    const FileSet mail_files(mail, "corp", scene.journals());
    mail_files.install(scene.first().files);
    mail_files.keep();
    THEN("it leaves the files of the first alone") {
      CHECK(scene.read(hidden + "old-web.pem") == "old certificate");
    }
  }
}

SCENARIO("a power cut leaves files that belong together, or what it takes to put the former ones back") {
  const Scene scene;
  scene.write("service/web.pem", "old certificate");
  scene.write("service/web.key", "old key");
  auto target = scene.target();
  target.files = {{config::FileKind::privkey, "web.key"},
                  {config::FileKind::fullchain, "web.pem"},
                  {config::FileKind::cert, "web.cert"}};
  const FileSet files(target, "corp", scene.journals());
  const test::WatchedDisk disk;
  files.install(scene.second().files);
  const auto steps = disk.steps();

  const auto is_switch = [](const test::DiskStep& step) {
    return step.call == "rename" && step.to.filename().string().starts_with("web.");
  };
  const auto is_sync_of_folder = [&](const test::DiskStep& step) {
    return step.call == "sync" && step.path == scene.service();
  };
  const auto first_switch = place_of(steps, is_switch);
  REQUIRE(first_switch < steps.size());

  THEN("the key comes last") {
    std::vector<std::string> order;
    for (const auto& step : steps) {
      if (is_switch(step)) order.push_back(step.to.filename().string());
    }
    CHECK(order == std::vector<std::string>{"web.cert", "web.pem", "web.key"});
  }
  THEN("each new file is on the disk before the first is switched") {
    for (const auto& step : steps) {
      if (!is_switch(step)) continue;
      const auto synced =
          place_of(steps, [&](const test::DiskStep& other) { return other.call == "sync" && other.path == step.path; });
      CHECK(synced < first_switch);
    }
  }
  THEN("the journal is on the disk before an old file gets its second name, and those before the first switch") {
    const auto journal = place_of(steps, [&](const test::DiskStep& step) {
      return step.call == "rename" && step.to.parent_path() == scene.journals();
    });
    const auto first_link = place_of(steps, [](const test::DiskStep& step) { return step.call == "link"; });
    REQUIRE(journal < first_link);
    REQUIRE(first_link < first_switch);
    const auto synced_between = [&](const std::filesystem::path& folder, std::size_t from, std::size_t to) {
      return std::any_of(steps.begin() + static_cast<std::ptrdiff_t>(from),
                         steps.begin() + static_cast<std::ptrdiff_t>(to),
                         [&](const test::DiskStep& step) { return step.call == "sync" && step.path == folder; });
    };
    std::size_t last_link = first_link;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].call == "link") last_link = i;
    }
    CHECK(synced_between(scene.journals(), journal, first_link));
    CHECK(synced_between(scene.service(), last_link, first_switch));
  }
  THEN("the switch is on the disk at the end") {
    REQUIRE_FALSE(steps.empty());
    CHECK(is_sync_of_folder(steps.back()));
  }
}

SCENARIO("nobody else can open a new key before it has its owner") {
  const Scene scene;
  auto target = scene.target();
  if (::geteuid() != 0) return;
  target.group = "daemon";  // not the one that a new file has anyway
  target.mode = 0644;
  const test::WatchedDisk disk;
  FileSet(target, "corp", scene.journals()).install(scene.second().files);
  const auto steps = disk.steps();
  for (const auto& step : steps) {
    if (step.call != "chmod" || step.path.filename().string().find("web.") == std::string::npos) continue;
    const auto given =
        place_of(steps, [&](const test::DiskStep& other) { return other.call == "chown" && other.path == step.path; });
    const auto opened =
        place_of(steps, [&](const test::DiskStep& other) { return other.call == "chmod" && other.path == step.path; });
    CHECK(given < opened);
  }
  CHECK(disk.texts({"chown"}).size() == 2);
}

}  // namespace acmed::deploy
