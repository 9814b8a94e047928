// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include "base/secret_list.h"
#include "tests/unit/catch.h"

namespace acmed {

SCENARIO("an error's sentence is fit to be shown, whoever wrote parts of it") {
  CHECK(std::string(Retry("x", "CA said \x1b]0;pwned\x07 \xc2\x9b[31m and\nmore").what()) ==
        "CA said ]0;pwned [31m and more");
  CHECK(std::string(Refused("x", "left \u202e right \u2066 there").what()) == "left right there");
  CHECK(std::string(Retry("x", std::string(10000, 'a')).what()).size() <= 2048 + 3);
}

SCENARIO("no error repeats a secret of the configuration") {
  keep_out_of_texts(Secret("error-test/s3cret+token"));
  CHECK(std::string(Refused("x", "refused Bearer error-test/s3cret+token for zone a").what()) ==
        "refused Bearer *** for zone a");
}

SCENARIO("secrets are struck out of a text") {
  SecretList list;
  list.add(Secret("alpha"), 10);
  list.add(Secret("alpha-beta"), 10);
  list.add(Secret("line one\nline two\n"), 10);
  list.add(Secret("abc"), 10);
  CHECK(list.struck_from("alpha-beta and alpha") == "*** and ***");
  CHECK(list.struck_from("a line two here") == "a *** here");
  CHECK(list.struck_from("too short to be one: abc") == "too short to be one: abc");
  WHEN("the list is full") {
    SecretList small;
    for (const char* text : {"first", "second", "third"}) small.add(Secret(text), 2);
    THEN("the oldest makes room") {
      CHECK(small.struck_from("first second third") == "first *** ***");
    }
  }
}

}  // namespace acmed
