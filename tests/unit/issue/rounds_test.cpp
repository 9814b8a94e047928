// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/rounds.h"

#include "tests/unit/catch.h"

namespace acmed::issue {
namespace {

using Rounds = std::vector<std::vector<std::size_t>>;

ZoneValue value(const std::string& provider, const std::string& name, const std::string& text) {
  return {provider, {dns::Name("a.test"), ""}, dns::Name(name), text};
}

std::size_t most(const std::string& provider) {
  return provider == "two" ? 2 : providers::any_number;
}

SCENARIO("values are shown in as few rounds as the operator allows") {
  CHECK(rounds_of({}, most).empty());
  CHECK(rounds_of({value("any", "x.a.test", "1"), value("any", "x.a.test", "2"), value("any", "x.a.test", "3")},
                  most) == Rounds{{0, 1, 2}});
  CHECK(rounds_of({value("two", "x.a.test", "1"), value("two", "x.a.test", "2")}, most) == Rounds{{0, 1}});
  CHECK(rounds_of({value("two", "x.a.test", "1"), value("two", "x.a.test", "2"), value("two", "x.a.test", "3"),
                   value("two", "y.a.test", "4"), value("any", "x.a.test", "5")},
                  most) == Rounds{{0, 1, 3, 4}, {2}});
  // The same value at the same name needs no room of its own.
  CHECK(rounds_of({value("two", "x.a.test", "1"), value("two", "x.a.test", "1"), value("two", "x.a.test", "2")},
                  most) == Rounds{{0, 1, 2}});
}

}  // namespace
}  // namespace acmed::issue
