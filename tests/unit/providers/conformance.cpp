// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/conformance.h"

#include "base/runtime/scope.h"
#include "tests/unit/catch.h"

namespace acmed::providers {
namespace {

using Values = std::set<std::string>;

const dns::Name zone_name("example.test");
const dns::Name challenge("_acme-challenge.example.test");
const dns::Name other_challenge("_acme-challenge.www.example.test");

void apply(Stage& stage, std::vector<TxtChange> changes) {
  const auto zone = run(stage.loop(), stage.provider().zone_of(challenge));
  run(stage.loop(), stage.provider().apply(zone.value(), std::move(changes)));
}

TxtChange add(const dns::Name& name, const std::string& value) {
  return {Action::add, name, value, std::chrono::seconds(60)};
}

TxtChange remove(const dns::Name& name, const std::string& value) {
  return {Action::remove, name, value, {}};
}

}  // namespace

void check_conformance(Stage& stage) {
  WHEN("the zone of a name is asked for") {
    CHECK(run(stage.loop(), stage.provider().zone_of(other_challenge)).value().apex == zone_name);
    CHECK_FALSE(run(stage.loop(), stage.provider().zone_of(dns::Name("_acme-challenge.elsewhere.invalid"))));
  }
  WHEN("values are added") {
    stage.put(challenge, "foreign");
    apply(stage, {add(challenge, "one"), add(challenge, "two"), add(other_challenge, "three")});
    CHECK(stage.values_at(challenge) == Values{"foreign", "one", "two"});
    CHECK(stage.values_at(other_challenge) == Values{"three"});
    THEN("adding them again changes nothing") {
      apply(stage, {add(challenge, "one"), add(challenge, "two")});
      CHECK(stage.values_at(challenge) == Values{"foreign", "one", "two"});
    }
    THEN("each is removed alone, and foreign ones stay") {
      apply(stage, {remove(challenge, "one")});
      CHECK(stage.values_at(challenge) == Values{"foreign", "two"});
      apply(stage, {remove(challenge, "one")});
      CHECK(stage.values_at(challenge) == Values{"foreign", "two"});
      apply(stage, {remove(challenge, "two"), remove(other_challenge, "three")});
      CHECK(stage.values_at(challenge) == Values{"foreign"});
      CHECK(stage.values_at(other_challenge).empty());
    }
    THEN("one can be replaced by another in one call") {
      apply(stage, {remove(challenge, "one"), add(challenge, "new")});
      CHECK(stage.values_at(challenge) == Values{"foreign", "new", "two"});
    }
  }
  WHEN("what was never added is removed") {
    apply(stage, {remove(challenge, "never")});
    CHECK(stage.values_at(challenge).empty());
  }
  WHEN("a value has every character that a syntax might mind") {
    const std::string odd = R"(a "quoted"; \value\032 $x=y)";
    apply(stage, {add(challenge, odd)});
    CHECK(stage.values_at(challenge) == Values{odd});
    apply(stage, {remove(challenge, odd)});
    CHECK(stage.values_at(challenge).empty());
  }
  WHEN("a value has 255 octets") {
    const std::string longest(255, 'x');
    apply(stage, {add(challenge, longest)});
    CHECK(stage.values_at(challenge) == Values{longest});
  }
}

}  // namespace acmed::providers
