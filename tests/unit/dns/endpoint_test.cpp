// SPDX-License-Identifier: Apache-2.0
#include "dns/endpoint.h"

#include <netinet/in.h>

#include "tests/unit/catch.h"

using acmed::dns::Endpoint;

SCENARIO("an address is read with or without a port") {
  CHECK(Endpoint::parse("192.0.2.1")->text() == "192.0.2.1");
  CHECK(Endpoint::parse("192.0.2.1:53")->text() == "192.0.2.1");
  CHECK(Endpoint::parse("192.0.2.1:5353")->text() == "192.0.2.1:5353");
  CHECK(Endpoint::parse("192.0.2.1", 5353)->port() == 5353);
  CHECK(Endpoint::parse("2001:DB8::1")->text() == "2001:db8::1");
  CHECK(Endpoint::parse("[2001:db8::1]:5353")->text() == "[2001:db8::1]:5353");
  CHECK(Endpoint::parse("[2001:db8::1]:5353")->address() == "2001:db8::1");
  CHECK(Endpoint::parse("[2001:db8::1]")->port() == 53);
  CHECK(Endpoint::parse("2001:db8::1")->family() == AF_INET6);
}

SCENARIO("a link-local address is told with its interface") {
  const auto endpoint = Endpoint::parse("[fe80::1%lo]:5353");
  REQUIRE(endpoint);
  CHECK(endpoint->text() == "[fe80::1%lo]:5353");
  CHECK(endpoint != Endpoint::parse("[fe80::1]:5353"));
  CHECK(endpoint == Endpoint::parse("[fe80::1%1]:5353"));
  sockaddr_storage address{};
  CHECK(endpoint->to_sockaddr(address) == sizeof(sockaddr_in6));
  CHECK(reinterpret_cast<const sockaddr_in6&>(address).sin6_scope_id == 1);
}

SCENARIO("what is no address is refused") {
  for (const auto* text : {"", "ns1.example.test", "192.0.2", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536",
                           "192.0.2.1:53x", "[192.0.2.1]:53", "[2001:db8::1", "[2001:db8::1]53", "fe80::1%nowhere0",
                           "fe80::1%", "fe80::1%0", "192.0.2.1%lo", ":53"}) {
    CHECK_FALSE(Endpoint::parse(text));
  }
}

SCENARIO("an address comes from the octets of a record") {
  CHECK(Endpoint::from_octets(std::string("\xc0\x00\x02\x01", 4))->text() == "192.0.2.1");
  CHECK_FALSE(Endpoint::from_octets("abc"));
}

SCENARIO("what an address is for is known") {
  const auto at = [](const char* text) { return Endpoint::parse(text).value(); };
  for (const auto* text : {"127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"}) CHECK(at(text).is_loopback());
  for (const auto* text : {"128.0.0.1", "::2", "2001:db8::1", "::ffff:192.0.2.1"}) CHECK_FALSE(at(text).is_loopback());
  for (const auto* text : {"169.254.0.1", "fe80::1", "febf::1"}) CHECK(at(text).is_link_local());
  for (const auto* text : {"169.253.0.1", "fec0::1", "fe00::1"}) CHECK_FALSE(at(text).is_link_local());
  for (const auto* text : {"192.0.2.1", "2001:db8::1", "::1", "223.255.255.255"}) CHECK(at(text).is_host_address());
  for (const auto* text : {"0.0.0.0", "::", "224.0.0.1", "255.255.255.255", "ff02::1", "::ffff:224.0.0.1"}) {
    CHECK_FALSE(at(text).is_host_address());
  }
}
