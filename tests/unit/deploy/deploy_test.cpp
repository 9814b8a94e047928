// SPDX-License-Identifier: Apache-2.0
#include "daemon/deploy/deploy.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/deploy/facts.h"
#include "daemon/deploy/local_actions.h"
#include "tests/unit/acme/chains.h"
#include "tests/unit/base/name_service.h"
#include "tests/unit/deploy/pair_scene.h"

namespace acmed::deploy {
namespace {

using Catch::Contains;
using namespace std::chrono_literals;

/// The failure of a deployment of the scene's second generation; null when it went well.
std::unique_ptr<NotTaken> deploy(const PairScene& scene, const config::Target& target, bool has_previous = true,
                                 Time worth_until = {}) {
  log::set_level(log::Level::error);
  Loop loop;
  LocalActions actions(scene.journals());
  std::vector<Member> members;
  members.push_back(
      {subject_of(target, scene.second()), has_previous ? subject_of(target, scene.first()) : nullptr, worth_until});
  const auto outcome = run(loop, deploy(actions, std::move(members))).front();
  return outcome ? std::make_unique<NotTaken>(*outcome) : nullptr;
}

Task<> stop_soon(Scope* scope) {
  co_await sleep_for(100ms);
  scope->stop();
}

Task<> deploy_one(Actions* actions, std::shared_ptr<const Subject> subject) {
  std::vector<Member> members;
  members.push_back({subject, nullptr, {}});
  co_await deploy(*actions, std::move(members));
}

Task<> deploy_until_stopped(Actions* actions, std::shared_ptr<const Subject> subject) {
  const auto here = co_await context();
  Scope scope(here);
  scope.spawn(deploy_one(actions, subject));
  scope.spawn(stop_soon(&scope));
  co_await scope.join();
}

}  // namespace

SCENARIO("a target never goes back to nothing, nor to a certificate that has ended") {
  const PairScene scene;
  auto target = scene.target();
  target.test = {"/bin/false"};
  GIVEN("a directory without files") {
    const auto failure = deploy(scene, target, false);
    THEN("the first files stay, so that the service can be started, and nothing hidden is left") {
      REQUIRE(failure);
      CHECK(failure->left() == NotTaken::Left::with_new_pair);
      CHECK(scene.service_files().size() == 2);
      CHECK(scene.read("service/web.key") == scene.key(scene.second()));
      CHECK_THAT(failure->what(), Contains("there were no files before: the new ones stay"));
      CHECK_THAT(failure->what(), !Contains("former files are back"));
    }
    THEN("it can be tried again") {
      target.test.clear();
      REQUIRE_FALSE(deploy(scene, target, false));
      CHECK(scene.service_files().size() == 2);
    }
  }
  GIVEN("a former certificate, which ends in 2126") {
    scene.write("service/web.pem", test::chain_of_root_one);
    scene.write("service/web.key", "old key");
    WHEN("that is far away") {
      const auto failure = deploy(scene, target, true, Time(std::chrono::sys_days(std::chrono::year(2100) / 1 / 1)));
      THEN("it is put back") {
        REQUIRE(failure);
        CHECK(failure->left() != NotTaken::Left::with_new_pair);
        CHECK(scene.read("service/web.key") == "old key");
      }
    }
    WHEN("that is over") {
      target.post_hook = scene.program("hook", "");
      const auto failure = deploy(scene, target, true, Time(std::chrono::sys_days(std::chrono::year(2130) / 1 / 1)));
      THEN("the new files stay") {
        REQUIRE(failure);
        CHECK(failure->left() == NotTaken::Left::with_new_pair);
        CHECK(scene.read("service/web.key") == scene.key(scene.second()));
        CHECK_THAT(failure->what(), Contains("the new files stay, since the former certificate ends at 2126-"));
      }
    }
  }
}

SCENARIO("whether a target still has its files is looked at, not remembered") {
  const PairScene scene;
  const auto target = scene.target();
  CHECK_FALSE(is_in_place(target, scene.second()));
  REQUIRE_FALSE(deploy(scene, target));
  CHECK(is_in_place(target, scene.second()));
  CHECK_FALSE(is_in_place(target, scene.first()));
  WHEN("one is emptied") {
    scene.write("service/web.key", "");
    CHECK_FALSE(is_in_place(target, scene.second()));
  }
  WHEN("one is gone") {
    std::filesystem::remove(scene.path("service/web.pem"));
    CHECK_FALSE(is_in_place(target, scene.second()));
  }
  WHEN("the directory is gone") {
    std::filesystem::remove_all(scene.service());
    CHECK_FALSE(is_in_place(target, scene.second()));
  }
}

SCENARIO("a certificate comes to a service") {
  const PairScene scene;
  auto target = scene.target();

  GIVEN("a directory without files") {
    WHEN("it is deployed") {
      target.mode = 0600;
      REQUIRE_FALSE(deploy(scene, target, false));
      THEN("the files are there with their mode, and nothing else is") {
        const std::map<std::string, std::pair<std::string, mode_t>> expected = {
            {"web.key", {scene.key(scene.second()), 0600}}, {"web.pem", {scene.second().files.full_chain, 0600}}};
        CHECK(scene.service_files() == expected);
      }
    }
    WHEN("every kind of file is wanted") {
      target.files = {{config::FileKind::cert, "a"},
                      {config::FileKind::chain, "b"},
                      {config::FileKind::fullchain, "c"},
                      {config::FileKind::privkey, "d"},
                      {config::FileKind::combined, "e"}};
      REQUIRE_FALSE(deploy(scene, target, false));
      THEN("each has its content; combined is the key and the chain") {
        CHECK(scene.read("service/a") == scene.second().files.certificate);
        CHECK(scene.read("service/b") == scene.second().files.chain);
        CHECK(scene.read("service/c") == scene.second().files.full_chain);
        CHECK(scene.read("service/d") == scene.key(scene.second()));
        CHECK(scene.read("service/e") == scene.key(scene.second()) + scene.second().files.full_chain);
      }
    }
    if (::geteuid() == 0) {
      WHEN("root gives the files to another user and group") {
        target.owner = "nobody";
        target.group = "daemon";
        REQUIRE_FALSE(deploy(scene, target, false));
        THEN("they belong to them") {
          struct stat status {};
          REQUIRE(::stat(scene.path("service/web.key").c_str(), &status) == 0);
          CHECK(status.st_uid == 65534);
          CHECK(status.st_gid == 1);
          CHECK((status.st_mode & 07777) == 0640);
        }
      }
    }
  }

  GIVEN("a test and a hook that write down what they are told") {
    target.test = scene.program("test", "cat web.pem >/dev/null 2>&1; cat " + scene.path("service/web.pem").string() +
                                            " >" + scene.path("seen-by-test").string());
    target.post_hook =
        scene.program("hook", "env >" + scene.path("environment").string() + "; cat >" + scene.path("input").string());
    WHEN("it is deployed") {
      ::setenv("ACMED_TEST_SECRET", "leaked", 1);
      REQUIRE_FALSE(deploy(scene, target));
      THEN("the test runs first, and sees the new files") {
        CHECK(scene.read("calls") == "test\nhook\n");
        CHECK(scene.read("seen-by-test") == scene.second().files.full_chain);
      }
      THEN("the facts are in the environment, which is clean otherwise") {
        const auto environment = scene.read("environment");
        CHECK_THAT(environment, Contains("ACMED_NAME=corp\n"));
        CHECK_THAT(environment, Contains("ACMED_DOMAINS=corp.example *.corp.example\n"));
        CHECK_THAT(environment, Contains("ACMED_LIVE_DIR=" + scene.path("live").string() + "\n"));
        CHECK_THAT(environment, Contains("ACMED_FULLCHAIN=" + scene.path("service/web.pem").string() + "\n"));
        CHECK_THAT(environment, Contains("ACMED_PRIVKEY=" + scene.path("service/web.key").string() + "\n"));
        CHECK_THAT(environment, Contains("ACMED_EVENT=deploy\n"));
        CHECK_THAT(environment, Contains("ACMED_SERIAL=0a0002\n"));
        CHECK_THAT(environment, Contains("ACMED_NOT_AFTER=2027-02-01T00:00:00Z\n"));
        CHECK_THAT(environment, Contains("ACMED_TARGET=web\n"));
        CHECK_THAT(environment, !Contains("leaked"));
      }
      THEN("the same facts are on standard input") {
        const auto facts = json::parse(scene.read("input"));
        REQUIRE(facts);
        CHECK((*facts)["name"].text_or() == "corp");
        CHECK((*facts)["domains"].texts() == std::vector<std::string>{"corp.example", "*.corp.example"});
        CHECK((*facts)["privkey"].text_or() == scene.path("service/web.key").string());
        CHECK((*facts)["event"].text_or() == "deploy");
        CHECK((*facts)["not_after"].text_or() == "2027-02-01T00:00:00Z");
      }
    }
    WHEN("the target has no directory") {
      target.directory.reset();
      target.files.clear();
      target.test.clear();
      REQUIRE_FALSE(deploy(scene, target));
      THEN("the paths are those in live/") {
        const auto environment = scene.read("environment");
        CHECK_THAT(environment, Contains("ACMED_FULLCHAIN=" + scene.path("live/fullchain.pem").string() + "\n"));
        CHECK_THAT(environment, Contains("ACMED_PRIVKEY=" + scene.path("live/privkey.pem").string() + "\n"));
      }
    }
  }
}

SCENARIO("a deployment that fails leaves the service as it was") {
  const PairScene scene;
  auto target = scene.target();
  scene.write("service/web.pem", "old certificate");
  scene.write("service/other", "somebody else's");
  ::chmod(scene.path("service/web.pem").c_str(), 0604);
  const auto before = scene.service_files();

  GIVEN("a test that fails") {
    target.test = scene.program("test", "echo line 1; echo line 2; echo line 3 >&2; printf 'line\\0334'; exit 3");
    target.post_hook = scene.program("hook", "");
    const auto failure = deploy(scene, target);
    THEN("the old files are back byte by byte, files that were not there are gone, and the hook did not run") {
      CHECK(scene.service_files() == before);
      CHECK(scene.read("calls") == "test\n");
    }
    THEN("one sentence says so, with the end of what the test wrote") {
      REQUIRE(failure);
      CHECK(failure->cause() == "deploy:test");
      CHECK(failure->advice() == Error::Advice::retry);
      CHECK(failure->what() == "target web: the test " + target.test.front() +
                                   " exited with 3: line 2 / line 3 / line 4; the former files are back");
    }
  }

  GIVEN("a hook that fails for the new files") {
    target.post_hook = scene.program("hook", "echo $ACMED_EVENT $ACMED_SERIAL >>" + scene.path("events").string() +
                                                 "; grep -q old " + scene.path("service/web.pem").string());
    WHEN("there was a generation before") {
      const auto failure = deploy(scene, target);
      THEN("the old files are back and the hook ran for them") {
        REQUIRE(failure);
        CHECK(failure->cause() == "deploy:hook");
        CHECK(scene.service_files() == before);
        CHECK(scene.read("events") == "deploy 0a0002\nrollback 0a0001\n");
      }
    }
    WHEN("there was none") {
      const auto failure = deploy(scene, target, false);
      THEN("the hook ran once") {
        REQUIRE(failure);
        CHECK(scene.service_files() == before);
        CHECK(scene.read("calls") == "hook\n");
      }
    }
  }

  GIVEN("a test that hangs, and a child of it that does too") {
    target.test = scene.program("test", "sleep 60 & sleep 60");
    target.timeout = 200ms;
    const auto start = std::chrono::steady_clock::now();
    const auto failure = deploy(scene, target);
    THEN("it is stopped at its limit, and the old files are back") {
      REQUIRE(failure);
      CHECK(failure->cause() == "deploy:timeout");
      CHECK_THAT(failure->what(), Contains("did not end within 200 ms"));
      CHECK(std::chrono::steady_clock::now() - start < 5s);
      CHECK(scene.service_files() == before);
    }
  }

  GIVEN("a program that is not there") {
    target.test = {"/nowhere/at-all"};
    const auto failure = deploy(scene, target);
    THEN("only the operator can mend that, and the old files are back") {
      REQUIRE(failure);
      CHECK(failure->advice() == Error::Advice::refused);
      CHECK(failure->cause() == "deploy:program");
      CHECK(scene.service_files() == before);
    }
  }

  GIVEN("a daemon that is stopped while the hook runs") {
    target.post_hook = scene.program("hook", "sleep 60");
    Loop loop;
    LocalActions actions(scene.journals());
    CHECK_THROWS_AS(run(loop, deploy_until_stopped(&actions, subject_of(target, scene.second()))), Cancelled);
    THEN("the old files are back") {
      CHECK(scene.service_files() == before);
    }
  }

  GIVEN("an owner that this host does not know") {
    target.owner = "nobody-of-that-name";
    const auto failure = deploy(scene, target);
    THEN("only the operator can mend that, and nothing was touched") {
      REQUIRE(failure);
      CHECK(failure->advice() == Error::Advice::refused);
      CHECK(failure->cause() == "deploy:owner");
      CHECK(failure->what() == std::string("target web: this host has no user \"nobody-of-that-name\""));
      CHECK(scene.service_files() == before);
    }
  }

  GIVEN("a name service that is away") {
    target.owner = "nobody";
    std::unique_ptr<Error> failure;
    {
      const test::FailingNameService service(ECONNREFUSED);
      failure = deploy(scene, target);
    }
    THEN("that may pass, and nothing was touched") {
      REQUIRE(failure);
      CHECK(failure->advice() == Error::Advice::retry);
      CHECK(failure->cause() == "deploy:owner");
      CHECK_THAT(failure->what(), Contains("cannot look up the user \"nobody\": Connection refused"));
      CHECK(scene.service_files() == before);
    }
  }
}

SCENARIO("a target that reads live/ keeps the new pair, whatever its programs say: others read it too") {
  const PairScene scene;
  auto target = scene.target();
  target.directory.reset();
  target.files.clear();
  GIVEN("programs that are content") {
    target.test = scene.program("test", "");
    CHECK(deploy(scene, target) == nullptr);
    CHECK(scene.read("calls") == "test\n");
  }
  GIVEN("a hook that fails") {
    target.post_hook = scene.program("hook", "echo $ACMED_EVENT >>" + scene.path("calls").string() + "; false");
    const auto failure = deploy(scene, target);
    THEN("it is run once, for the new pair, and the sentence says what is there") {
      REQUIRE(failure);
      CHECK(failure->left() == NotTaken::Left::with_new_pair);
      CHECK_THAT(failure->what(), Contains("; the new certificate stays in live/, which others read too"));
      CHECK(scene.read("calls") == "hook\ndeploy\n");
    }
  }
}

SCENARIO("a run for several certificates is told of each") {
  const PairScene scene;
  auto other = scene.second();
  other.certificate = "mail";
  auto target = scene.target();
  target.files = {{config::FileKind::combined, "{name}.pem"}, {config::FileKind::cert, "cert.pem"}};
  GIVEN("two") {
    const auto facts = facts_for({subject_of(target, scene.second()), subject_of(target, other)}, Event::deploy);
    THEN("the environment has their names, and nothing that would be true of one only") {
      CHECK(facts.environment == std::vector<std::string>{"ACMED_EVENT=deploy", "ACMED_CERTIFICATES=corp mail"});
    }
    THEN("the JSON has an object for each") {
      const auto json = json::parse(facts.json);
      REQUIRE(json);
      CHECK((*json)["event"].text_or() == "deploy");
      CHECK((*json)["name"].is_null());
      REQUIRE((*json)["certificates"].elements().size() == 2);
      CHECK((*json)["certificates"].elements()[1]["name"].text_or() == "mail");
      CHECK((*json)["certificates"].elements()[1]["combined"].text_or() == scene.path("service/{name}.pem").string());
    }
  }
  GIVEN("one") {
    const auto facts = facts_for({subject_of(target, scene.second())}, Event::rollback);
    const auto has = [&](const std::string& variable) {
      return std::ranges::find(facts.environment, variable) != facts.environment.end();
    };
    THEN("each file has its path: its own copy's, or that in live/") {
      CHECK(has("ACMED_COMBINED=" + scene.path("service/{name}.pem").string()));
      CHECK(has("ACMED_CERT=" + scene.path("service/cert.pem").string()));
      CHECK(has("ACMED_CHAIN=" + scene.path("live/chain.pem").string()));
      CHECK(has("ACMED_CERTIFICATES=corp"));
      CHECK(has("ACMED_EVENT=rollback"));
      CHECK(json::parse(facts.json).value()["certificates"].elements().size() == 1);
    }
  }
}

SCENARIO("a directory that cannot be used is named in one sentence") {
  const PairScene scene;
  auto target = scene.target();
  WHEN("it is missing") {
    target.directory = scene.path("nowhere");
    const auto failure = deploy(scene, target);
    THEN("the sentence says so") {
      REQUIRE(failure);
      CHECK(failure->cause() == "deploy:file");
      CHECK(failure->what() ==
            "target web: cannot use the directory " + scene.path("nowhere").string() + ": No such file or directory");
    }
  }
  WHEN("it cannot be written") {
    target.directory = "/proc";
    const auto failure = deploy(scene, target);
    THEN("the sentence says so") {
      REQUIRE(failure);
      CHECK(failure->cause() == "deploy:file");
      CHECK_THAT(failure->what(), Contains("target web: cannot create /proc/.acmed-"));
    }
  }
}

}  // namespace acmed::deploy
