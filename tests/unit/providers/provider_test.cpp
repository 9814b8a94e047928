// SPDX-License-Identifier: Apache-2.0
#include "providers/provider.h"
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
  CHECK_THAT(SomeFailed(different).what(), Catch::EndsWith("; and 96 more of the kind"));
}

}  // namespace acmed::providers
