// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "base/log.h"
#include "base/runtime/scope.h"
#include "daemon/deploy/file_set.h"
#include "tests/unit/deploy/scene.h"

namespace acmed::deploy {
namespace {

/// A deployment whose test fails, by a process that finds what a crash left.
void try_again_in_vain(const Scene& scene) {
  log::set_level(log::Level::error);
  auto target = scene.target();
  target.test = {"/bin/false"};
  Loop loop;
  CHECK_THROWS_AS(run(loop, to_target(target, scene.second(), scene.first(), {}, "renewed")), NotTaken);
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

}  // namespace

SCENARIO("a crash in the middle of a deployment is mended by the next one") {
  const Scene scene;
  scene.write("service/web.pem", "old certificate");
  ::chmod(scene.path("service/web.pem").c_str(), 0604);
  const auto before = scene.service_files();
  const FileSet files(scene.target(), "corp");
  files.install(scene.second().folder);
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
    Loop loop;
    run(loop, to_target(scene.target(), scene.second(), scene.first(), {}, "renewed"));
    THEN("the new files stay and the copies are gone") {
      CHECK(scene.service_files().size() == 2);
      CHECK(scene.read("service/web.pem") == "fullchain of 0002\n");
    }
  }
  WHEN("the journal is damaged") {
    scene.write(hidden + "journal", R"([{"name":"../generations/0001/privkey.pem","existed":false}])");
    THEN("nothing is guessed: the sentence tells what to do, and no file outside the directory is touched") {
      CHECK_THROWS_WITH(files.put_back(), Catch::Contains("is damaged; put the files beside it in order"));
      CHECK(scene.read("generations/0001/privkey.pem") == "privkey of 0001\n");
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
    mail_files.install(scene.first().folder);
    mail_files.keep();
    THEN("it leaves the files of the first alone") {
      CHECK(scene.read(hidden + "old-web.pem") == "old certificate");
    }
  }
}

}  // namespace acmed::deploy
