// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/zones.h"

#include <fmt/format.h>

#include "dns/wire.h"
#include "tests/unit/catch.h"

namespace acmed::dns::responder {
namespace {

using Outcome = Zones::Outcome;

ZoneSettings zone(const std::string& apex) {
  return {Name(apex), Name("ns.elsewhere.test"), {}, Name("hostmaster." + apex)};
}

std::string wire(const std::string& name) {
  std::string octets;
  append_name(octets, Name(name));
  return octets;
}

/// "zone: existing", "zone: missing", "outside".
std::string look(const Zones& zones, const std::string& name) {
  const auto found = zones.find(wire(name));
  if (found.zone == nullptr) return "outside";
  return found.zone->apex.text() + (found.node != nullptr ? ": existing" : ": missing");
}

int values(const Zones& zones, const std::string& name) {
  const auto found = zones.find(wire(name));
  return found.node == nullptr ? 0 : found.node->txt.count;
}

}  // namespace

SCENARIO("names between a value and its zone exist as long as the value does") {
  Zones zones({zone("acme.test")}, 1);
  const Name deep("a.b.c.acme.test");
  zones.add(deep, "value", 60);
  zones.add(Name("x.c.acme.test"), "value", 60);
  zones.commit(2);
  CHECK(look(zones, "a.b.c.acme.test") == "acme.test: existing");
  CHECK(look(zones, "b.c.acme.test") == "acme.test: existing");
  CHECK(look(zones, "c.acme.test") == "acme.test: existing");
  CHECK(look(zones, "y.c.acme.test") == "acme.test: missing");
  WHEN("it is removed") {
    zones.remove(deep, "value");
    zones.commit(3);
    CHECK(look(zones, "a.b.c.acme.test") == "acme.test: missing");
    CHECK(look(zones, "b.c.acme.test") == "acme.test: missing");
    CHECK(look(zones, "c.acme.test") == "acme.test: existing");
    zones.remove(Name("x.c.acme.test"), "value");
    zones.commit(4);
    CHECK(look(zones, "c.acme.test") == "acme.test: missing");
    CHECK(look(zones, "acme.test") == "acme.test: existing");
  }
  WHEN("a value stands at the name in between as well") {
    zones.add(Name("b.c.acme.test"), "middle", 60);
    zones.remove(deep, "value");
    zones.commit(3);
    CHECK(look(zones, "a.b.c.acme.test") == "acme.test: missing");
    CHECK(values(zones, "b.c.acme.test") == 1);
  }
  WHEN("a value goes while one below it stays") {
    zones.add(Name("c.acme.test"), "above", 60);
    zones.commit(3);
    zones.remove(Name("c.acme.test"), "above");
    zones.commit(4);
    CHECK(look(zones, "c.acme.test") == "acme.test: existing");
    CHECK(values(zones, "c.acme.test") == 0);
  }
}

SCENARIO("values come and go one by one") {
  Zones zones({zone("acme.test")}, 1);
  const Name name("acme.test");
  zones.add(name, "one", 60);
  zones.add(name, "two", 60);
  CHECK(values(zones, "acme.test") == 0);
  zones.commit(2);
  CHECK(values(zones, "acme.test") == 2);
  zones.add(name, "one", 60);
  zones.remove(name, "never");
  zones.commit(3);
  CHECK(values(zones, "acme.test") == 2);
  zones.remove(name, "one");
  zones.remove(name, "one");
  zones.commit(4);
  CHECK(values(zones, "acme.test") == 1);
}

SCENARIO("the longest zone holds a name") {
  Zones zones({zone("acme.test"), zone("a.b.acme.test")}, 1);
  zones.add(Name("x.a.b.acme.test"), "value", 60);
  zones.commit(2);
  CHECK(zones.zone_of(Name("x.a.b.acme.test")) == Name("a.b.acme.test"));
  CHECK(zones.zone_of(Name("x.b.acme.test")) == Name("acme.test"));
  CHECK_FALSE(zones.zone_of(Name("other.test")));
  CHECK(look(zones, "x.a.b.acme.test") == "a.b.acme.test: existing");
  CHECK(look(zones, "y.a.b.acme.test") == "a.b.acme.test: missing");
  CHECK(look(zones, "a.b.acme.test") == "a.b.acme.test: existing");
  THEN("the name above the inner zone exists in the outer one") {
    CHECK(look(zones, "b.acme.test") == "acme.test: existing");
    CHECK(look(zones, "x.b.acme.test") == "acme.test: missing");
  }
  CHECK(look(zones, "test") == "outside");
  CHECK(look(zones, "xacme.test") == "outside");
}

SCENARIO("the serial moves with each group of changes, in the zone that changed") {
  Zones zones({zone("one.test"), zone("two.test")}, 100);
  const auto serial = [&](const std::string& apex) { return zones.find(wire(apex)).zone->serial; };
  zones.add(Name("one.test"), "a", 60);
  zones.add(Name("one.test"), "b", 60);
  zones.commit(100);
  CHECK(serial("one.test") == 101);
  CHECK(serial("two.test") == 100);
  zones.commit(500);
  CHECK(serial("one.test") == 101);
  zones.remove(Name("one.test"), "a");
  zones.commit(500);
  CHECK(serial("one.test") == 500);
  zones.remove(Name("one.test"), "a");
  zones.commit(600);
  CHECK(serial("one.test") == 500);
}

SCENARIO("a value that no answer could hold is not taken") {
  Zones zones({zone("acme.test")}, 1);
  CHECK(zones.add(Name("other.test"), "value", 60) == Outcome::not_ours);
  CHECK(zones.add(Name("new.acme.test"), std::string(70'000, 'x'), 60) == Outcome::full);
  CHECK(look(zones, "new.acme.test") == "acme.test: missing");
  const Name name("many.acme.test");
  int count = 0;
  while (zones.add(name, fmt::format("{:043}", count), 60) == Outcome::made) ++count;
  CHECK(count == 1165);  // of 56 octets each, in 65,253
  zones.commit(2);
  CHECK(values(zones, "many.acme.test") == 1165);
  CHECK(zones.find(wire("many.acme.test")).node->txt.records.size() == 1165 * 56);
  THEN("there is room again when others have gone") {
    zones.remove(name, fmt::format("{:043}", 0));
    CHECK(zones.add(name, fmt::format("{:043}", count), 60) == Outcome::made);
  }
}

SCENARIO("a new configuration keeps the values whose zones it has") {
  Zones before({zone("one.test"), zone("two.test")}, 100);
  before.add(Name("a.one.test"), "kept", 60);
  before.add(Name("b.two.test"), "lost", 60);
  before.commit(100);
  Zones after({zone("one.test"), zone("a.one.test")}, 50);
  after.take_values(before);
  CHECK(values(after, "a.one.test") == 1);
  CHECK(look(after, "b.two.test") == "outside");
  CHECK(after.find(wire("one.test")).zone->serial == 102);
}

SCENARIO("a wish for a TTL is met as far as it does not hide the next value") {
  Zones zones({zone("acme.test")}, 1);
  const auto ttl = [&] { return zones.find(wire("acme.test")).node->txt.records.substr(6, 4); };
  zones.add(Name("acme.test"), "one", 60);
  zones.commit(2);
  CHECK(ttl() == std::string("\0\0\0\x01", 4));
  zones.add(Name("acme.test"), "two", 0);
  zones.commit(3);
  CHECK(ttl() == std::string(4, '\0'));
}

}  // namespace acmed::dns::responder
