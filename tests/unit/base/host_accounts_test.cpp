// SPDX-License-Identifier: Apache-2.0
#include "base/host_accounts.h"

#include <errno.h>

#include "tests/unit/base/name_service.h"
#include "tests/unit/catch.h"

using namespace acmed;

TEST_CASE("users and groups are found by their names") {
  CHECK(find_user("root").id == 0U);
  CHECK(find_group("root").id == 0U);
}

TEST_CASE("a user is named as chown takes him, also one without a name") {
  CHECK(name_of_user(0) == "root");
  CHECK(name_of_user(4'000'000'123U) == "4000000123");
}

TEST_CASE("an account that does not exist is no failure of the name service") {
  for (const int answer : {0, ENOENT, ESRCH}) {
    const test::FailingNameService service(answer);
    CHECK_FALSE(find_user("root").id);
    CHECK(find_user("root").error == 0);
    CHECK_FALSE(find_group("root").id);
    CHECK(find_group("root").error == 0);
  }
}

TEST_CASE("a name service that fails does not say that there is no such account") {
  for (const int answer : {EIO, EAGAIN, ECONNREFUSED, EMFILE}) {
    const test::FailingNameService service(answer);
    CHECK_FALSE(find_user("root").id);
    CHECK(find_user("root").error == answer);
    CHECK_FALSE(find_group("root").id);
    CHECK(find_group("root").error == answer);
  }
}
