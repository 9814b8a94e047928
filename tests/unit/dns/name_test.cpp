// SPDX-License-Identifier: Apache-2.0
#include "dns/name.h"

#include "tests/unit/catch.h"

using acmed::dns::Name;

SCENARIO("a name is read as absolute and in lower case") {
  CHECK(Name("Example.TEST").text() == "example.test");
  CHECK(Name("example.test.").text() == "example.test");
  CHECK(Name("_acme-challenge.example.test").label_count() == 3);
  CHECK(Name("*.example.test").is_wildcard());
  CHECK(Name::parse(".")->is_root());
}

SCENARIO("what is no name is refused") {
  for (const auto* text : {"", "..", ".a", "a..b", "a b", "a.b..", "exa\\mple",
                           "b\xc3\xbc"
                           "cher.test"}) {
    CHECK_FALSE(Name::parse(text));
  }
  CHECK_FALSE(Name::parse(std::string(64, 'a') + ".test"));
  CHECK(Name::parse(std::string(63, 'a') + ".test"));

  const auto label = std::string(63, 'a');
  const auto longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  CHECK(longest.size() == 253);
  CHECK(Name::parse(longest));
  CHECK_FALSE(Name::parse(longest + "a"));
  CHECK_THROWS_AS(Name("a..b"), std::invalid_argument);
}

SCENARIO("names know their ancestors") {
  const Name name("a.example.test");
  CHECK(name.is_within(Name("example.test")));
  CHECK(name.is_within(name));
  CHECK(name.is_within(Name()));
  CHECK_FALSE(name.is_within(Name("ample.test")));
  CHECK_FALSE(Name("test").is_within(name));
  CHECK(name.parent() == Name("example.test"));
  CHECK(Name("test").parent().is_root());
  CHECK(Name().parent().is_root());
  CHECK(Name().label_count() == 0);
}

SCENARIO("a label is put in front") {
  CHECK(Name("example.test").prefixed("_acme-challenge") == Name("_acme-challenge.example.test"));
  CHECK(Name().prefixed("test") == Name("test"));
  CHECK_THROWS_AS(Name("example.test").prefixed(std::string(64, 'a')), std::invalid_argument);
}
