// SPDX-License-Identifier: Apache-2.0
#include "dns/exclusion.h"

#include "dns/server_policy.h"
#include "tests/unit/catch.h"

using namespace acmed::dns;

namespace {

bool covers(const char* excluded, const char* address) {
  return Exclusion::parse(excluded).value().covers(Endpoint::parse(address).value());
}

}  // namespace

SCENARIO("an address, a network or a host can be excluded") {
  WHEN("it is an address") {
    CHECK(covers("192.0.2.1", "192.0.2.1:5353"));
    CHECK_FALSE(covers("192.0.2.1", "192.0.2.2"));
    CHECK(covers("2001:db8::1", "2001:db8::1"));
  }
  WHEN("it is a network") {
    CHECK(covers("192.0.2.0/24", "192.0.2.255"));
    CHECK_FALSE(covers("192.0.2.0/24", "192.0.3.0"));
    CHECK(covers("192.0.2.128/25", "192.0.2.200"));
    CHECK_FALSE(covers("192.0.2.128/25", "192.0.2.127"));
    CHECK(covers("2001:db8::/33", "2001:db8:7fff::1"));
    CHECK_FALSE(covers("2001:db8::/33", "2001:db8:8000::1"));
    CHECK(covers("192.0.2.77/32", "192.0.2.77"));
    CHECK_FALSE(covers("192.0.2.77/32", "192.0.2.76"));
  }
  WHEN("it is a whole family") {
    CHECK(covers("::/0", "2001:db8::1"));
    CHECK_FALSE(covers("::/0", "192.0.2.1"));
    CHECK(covers("0.0.0.0/0", "192.0.2.1"));
    CHECK_FALSE(covers("0.0.0.0/0", "2001:db8::1"));
  }
  WHEN("it is a host") {
    ServerPolicy policy;
    policy.exclude = {Exclusion::parse("NS2.example.net.").value()};
    const auto address = Endpoint::parse("192.0.2.1").value();
    CHECK_FALSE(policy.allows(Server{Name("ns2.example.net"), address}));
    CHECK(policy.allows(Server{Name("ns1.example.net"), address}));
    CHECK(policy.allows(Server{{}, address}));
    CHECK_FALSE(policy.allows(Name("ns2.example.net")));
  }
}

SCENARIO("what is none of them excludes nothing") {
  for (const auto* text : {"", ".", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/x", "/24", "ns 1"}) {
    CHECK_FALSE(Exclusion::parse(text));
  }
}
