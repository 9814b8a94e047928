// SPDX-License-Identifier: Apache-2.0
#include "base/runtime/secret_source.h"

#include "base/error.h"
#include "base/files.h"
#include "base/runtime/scope.h"
#include "base/secret_list.h"
#include "tests/unit/catch.h"
#include "tests/unit/temporary_folder.h"

using namespace acmed;

namespace {

/// A secret in a file of a folder of its own, that must not begin with '!'.
struct Scene {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "token";
  int readings = 0;
  Loop loop;

  void write(const std::string& content) { files::write_durably(path, content, 0600); }
  SecretSource source() {
    return {path, [this] {
              ++readings;
              auto text = files::read(path).value_or("");
              if (text.empty() || text.starts_with('!')) throw Refused("test:secret", "the token is no good");
              return Secret(text);
            }};
  }
  std::string current(const SecretSource& of) { return run(loop, of.current()).reveal(); }
};

}  // namespace

SCENARIO("a secret in a file is the one that stands there now") {
  Scene scene;
  scene.write("first-token");
  const auto source = scene.source();
  const auto copy = source;
  CHECK(scene.current(source) == "first-token");
  CHECK(scene.current(source) == "first-token");
  CHECK(scene.readings == 1);

  WHEN("it is written anew") {
    scene.write("other-token");
    CHECK(scene.current(copy) == "other-token");
    CHECK(source.latest().reveal() == "other-token");
    CHECK(scene.readings == 2);
    THEN("it is kept out of texts, too") {
      CHECK(without_known_secrets("it says other-token") == "it says ***");
    }
  }
  WHEN("what is written cannot be used") {
    for (const auto* bad : {"", "!"}) {
      scene.write(bad);
      CHECK(scene.current(source) == "first-token");
    }
    THEN("it is looked at once, and what comes after it is used") {
      const auto readings = scene.readings;
      CHECK(scene.current(source) == "first-token");
      CHECK(scene.readings == readings);
      scene.write("third-token");
      CHECK(scene.current(source) == "third-token");
    }
  }
  WHEN("the file goes away for a while") {
    std::filesystem::remove(scene.path);
    CHECK(scene.current(source) == "first-token");
    scene.write("third-token");
    CHECK(scene.current(source) == "third-token");
  }
}

SCENARIO("what is made of a secret follows it") {
  Scene scene;
  scene.write("one");
  const auto whole = scene.source().changed_by([](const Secret& text) { return Secret("Bearer " + text.reveal()); });
  CHECK(scene.current(whole) == "Bearer one");
  scene.write("three");
  CHECK(scene.current(whole) == "Bearer three");
  CHECK(scene.current(SecretSource(Secret("x")).changed_by([](const Secret& text) {
    return Secret(text.reveal() + "!");
  })) == "x!");
}

SCENARIO("a file that cannot be used from the first is refused") {
  Scene scene;
  scene.write("!");
  CHECK_THROWS_AS(scene.source(), Refused);
}
