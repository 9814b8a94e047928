// SPDX-License-Identifier: Apache-2.0
#include "providers/provider.h"

#include <algorithm>

#include "tests/unit/catch.h"

namespace acmed::providers {
namespace {

const dns::Name a("a.test");
const dns::Name b("b.test");
const dns::Name c("c.test");

}  // namespace

SCENARIO("of failures of several names, each has its own") {
  const SomeFailed failed({{a, Refused("one", "a is forbidden")}, {b, Retry("two", "b is late", Time{})}});
  CHECK(std::string(failed.what()) == "a is forbidden; b is late");
  CHECK(failed.advice() == Error::Advice::retry);
  CHECK(failed.cause() == "two");
  CHECK(failed.not_before() == Time{});
  CHECK_FALSE(failed.among({c}));
  try {
    std::rethrow_exception(failed.among({a, c}));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "a is forbidden");
    CHECK(error.advice() == Error::Advice::refused);
    CHECK_FALSE(error.not_before());
  }
}

SCENARIO("a limit that was hit binds all who share a failure") {
  const SomeFailed failed({{a, Retry("one", "a is late")}, {b, Throttled("two", "slowly", Time{} + Duration(7))}});
  CHECK(failed.advice() == Error::Advice::throttled);
  CHECK(failed.not_before() == Time{} + Duration(7));
}

SCENARIO("a hundred names with the same trouble make one sentence") {
  std::map<dns::Name, Error> same;
  std::map<dns::Name, Error> different;
  for (int i = 0; i < 100; ++i) {
    const dns::Name name("n" + std::to_string(i) + ".test");
    same.emplace(name, Retry("one", "no"));
    different.emplace(name, Retry("one", name.text()));
  }
  CHECK(std::string(SomeFailed(same).what()) == "no");
  CHECK_THAT(SomeFailed(different).what(), Catch::Equals("n0.test, n1.test, n10.test, n11.test, n12.test, n13.test, "
                                                         "n14.test, n15.test and 92 more"));
}

SCENARIO("names that fail for one reason are listed in one sentence") {
  const auto say = [](const dns::Name& name) {
    return Refused("one", "no zone holds " + name.text() + ": add \"" + name.text() + ".\", not x" + name.text());
  };
  CHECK(std::string(SomeFailed({{a, say(a)}, {b, say(b)}}).what()) ==
        "no zone holds a.test: add \"a.test.\", not xa.test; no zone holds b.test: add \"b.test.\", not xb.test");
  const auto say_less = [](const dns::Name& name) {
    return Refused("one", name.text() + " is not there: make " + name.text());
  };
  CHECK(std::string(SomeFailed({{a, say_less(a)}, {b, say_less(b)}, {c, Refused("two", "c.test is late")}}).what()) ==
        "a.test, b.test is not there: make a.test; c.test is late");
}

SCENARIO("reasons that one sentence has no room for are there to be told beside it") {
  std::map<dns::Name, Error> failures;
  for (int i = 0; i < 100; ++i) {
    const dns::Name name("n" + std::to_string(i) + ".test");
    failures.emplace(
        name, Refused("one", "make the record " + name.text() + " CNAME " + std::to_string(i) + std::string(40, 'x')));
  }
  const SomeFailed failed(failures);
  const std::string said = failed.what();
  const auto left_out = failed.left_out();
  CHECK(said.size() < 2000);
  CHECK_THAT(said, Catch::EndsWith("; and " + std::to_string(left_out.size()) + " more of the kind"));
  for (int i = 0; i < 100; ++i) {
    const auto record = " CNAME " + std::to_string(i) + "x";
    const bool is_beside =
        std::any_of(left_out.begin(), left_out.end(), [&](const auto& each) { return each.find(record) != each.npos; });
    CHECK(is_beside != (said.find(record) != said.npos));
  }
  CHECK(SomeFailed({{a, Refused("one", "no")}}).left_out().empty());
}

}  // namespace acmed::providers
