// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <unistd.h>

#include <algorithm>

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
  const FileSet files(scene.target(), "corp");
  files.install(scene.second().files);
  files.put_back();
}

/// What all hidden names of the target begin with, as a path below the scene.
std::string hidden_prefix(const Scene& scene) {
  const std::string ending = "journal";
  for (const auto& [name, file] : scene.service_files()) {
    if (name.starts_with(".acmed-") && name.ends_with(ending)) {
      return "service/" + name.substr(0, name.size() - ending.size());
    }
  }
  FAIL("there is no journal");
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
  const FileSet files(scene.target(), "corp");
  files.install(scene.second().files);
  const auto hidden = hidden_prefix(scene);
  REQUIRE(scene.read("service/web.key") == "privkey of 0002\n");
  REQUIRE(scene.read(hidden + "old-web.pem") == "old certificate");

  WHEN("it happened while the test ran") {
    try_again_in_vain(scene);
    THEN("all is as before the first try") {
      CHECK(scene.service_files() == before);
    }
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
    std::filesystem::remove(scene.path(hidden + "journal"));
    const FileSet again(scene.target(), "corp");
    again.install(scene.second().files);
    again.keep();
    THEN("the new files stay and the copies are gone") {
      CHECK(scene.service_files().size() == 2);
      CHECK(scene.read("service/web.pem") == "fullchain of 0002\n");
    }
  }
  WHEN("the journal is damaged") {
    scene.write("elsewhere/file", "somebody's\n");
    scene.write(hidden + "journal", R"([{"name":"../elsewhere/file","existed":false}])");
    THEN("nothing is guessed: the sentence tells what to do, and no file outside the directory is touched") {
      CHECK_THROWS_WITH(files.put_back(), Catch::Contains("is damaged; put the files beside it in order"));
      CHECK(scene.read("elsewhere/file") == "somebody's\n");
    }
  }
  WHEN("somebody who may write to the directory has put something else in the journal's place") {
    const auto journal = scene.path(hidden + "journal");
    const auto own = scene.path("real-journal");
    std::filesystem::rename(journal, own);
    const auto check = [&] {
      CHECK_THROWS_WITH(files.put_back(), Catch::StartsWith(journal.string() + " is ") &&
                                              Catch::EndsWith("in order by hand and remove it"));
      CHECK(scene.read("service/web.key") == "privkey of 0002\n");
    };
    THEN("a pipe is not waited for") {
      REQUIRE(::mkfifo(journal.c_str(), 0666) == 0);
      check();
    }
    THEN("a link is not followed, not to a journal either") {
      std::filesystem::create_symlink(own, journal);
      check();
    }
    THEN("a folder is none") {
      std::filesystem::create_directory(journal);
      check();
    }
    THEN("one that would fill the memory is not read") {
      std::filesystem::resize_file(own, 1U << 20);
      std::filesystem::rename(own, journal);
      check();
    }
  }
  WHEN("another target of the same directory is deployed") {
    auto mail = scene.target();
    mail.name = "mail";
    mail.files = {{config::FileKind::combined, "mail.pem"}};
    const FileSet mail_files(mail, "corp");
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
  const FileSet files(target, "corp");
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
    const auto journal = place_of(steps, [](const test::DiskStep& step) {
      return step.call == "rename" && step.to.filename().string().ends_with("journal");
    });
    const auto first_link = place_of(steps, [](const test::DiskStep& step) { return step.call == "link"; });
    REQUIRE(journal < first_link);
    REQUIRE(first_link < first_switch);
    const auto synced_between = [&](std::size_t from, std::size_t to) {
      return std::any_of(steps.begin() + static_cast<std::ptrdiff_t>(from),
                         steps.begin() + static_cast<std::ptrdiff_t>(to), is_sync_of_folder);
    };
    std::size_t last_link = first_link;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].call == "link") last_link = i;
    }
    CHECK(synced_between(journal, first_link));
    CHECK(synced_between(last_link, first_switch));
  }
  THEN("the switch is on the disk at the end") {
    REQUIRE_FALSE(steps.empty());
    CHECK(is_sync_of_folder(steps.back()));
  }
}

SCENARIO("nobody else can open a new key before it has its owner") {
  const Scene scene;
  auto target = scene.target();
  const group* own = ::getgrgid(::getegid());
  if (own == nullptr) return;
  target.group = own->gr_name;
  target.mode = 0644;
  const test::WatchedDisk disk;
  FileSet(target, "corp").install(scene.second().files);
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
