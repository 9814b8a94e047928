// SPDX-License-Identifier: Apache-2.0
#include "config/routes.h"

#include "tests/unit/catch.h"

namespace acmed::config {

SCENARIO("of the zones that a name is in, the longest one has it") {
  const Routes routes({{"example.test", "one"}, {"lab.example.test", "two", true}, {"example.test", "three"}});
  CHECK(routes.find("example.test")->provider == "one");
  CHECK(routes.find("a.b.example.test")->provider == "one");
  CHECK(routes.find("lab.example.test")->provider == "two");
  CHECK(routes.find("_acme-challenge.x.lab.example.test")->by_alias);
  CHECK(routes.find("xlab.example.test")->provider == "one");
  CHECK(routes.find("xexample.test") == nullptr);
  CHECK(routes.find("test") == nullptr);
  CHECK(Routes().find("example.test") == nullptr);
}

}  // namespace acmed::config
