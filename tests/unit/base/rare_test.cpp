// SPDX-License-Identifier: Apache-2.0
#include "base/rare.h"

#include <string>

#include "tests/unit/catch.h"

namespace acmed {
namespace {

struct Note {
  std::string text;
};

TEST_CASE("what is seldom there takes the room of a pointer when it is not", "[rare]") {
  static_assert(sizeof(Rare<std::string>) == sizeof(void*));
  const Rare<Note> none;
  CHECK(!none);
  CHECK(!Rare<Note>(std::nullopt));
  CHECK(!Rare<Note>(std::optional<Note>()));
}

TEST_CASE("a copy of what is there has a value of its own", "[rare]") {
  Rare<Note> first = Note{"first"};
  Rare<Note> copy = first;
  copy->text = "copy";
  CHECK(first->text == "first");
  CHECK((*copy).text == "copy");

  first = copy;
  copy.reset();
  REQUIRE(first.has_value());
  CHECK(first->text == "copy");
  first = std::nullopt;
  CHECK(!first);
}

TEST_CASE("a value may be replaced by one that is made of it", "[rare]") {
  Rare<Note> note = Note{"twice"};
  note = Note{note->text + note->text};
  CHECK(note->text == "twicetwice");
  note = Rare<Note>(note);
  CHECK(note->text == "twicetwice");
}

}  // namespace
}  // namespace acmed
