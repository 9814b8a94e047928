// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "dns/discovery.h"
#include "tests/unit/catch.h"

using namespace acmed::dns;

SCENARIO("the resolvers are those of resolv.conf, in its order") {
  std::istringstream file(
      "# nameserver 192.0.2.9\nsearch example.test\nnameserver 192.0.2.1\nnameserver\t2001:db8::1\n"
      "nameserver fe80::1%lo\nnameserver fe80::1%nowhere0\noptions edns0\n");
  const auto resolvers = resolvers_in(file);
  REQUIRE(resolvers.size() == 3);
  CHECK(resolvers[0].text() == "192.0.2.1");
  CHECK(resolvers[1].text() == "2001:db8::1");
  CHECK(resolvers[2].text() == "fe80::1%lo");
}

SCENARIO("without an entry, this host is the resolver") {
  std::istringstream file("search example.test\n");
  CHECK(resolvers_in(file).at(0).text() == "127.0.0.1");
}

SCENARIO("an entry that cannot be used is not replaced by this host") {
  std::istringstream file("nameserver fe80::1%nowhere0\n");
  CHECK(resolvers_in(file).empty());
}
