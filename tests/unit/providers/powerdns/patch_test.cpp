// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/patch.h"

#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;

SCENARIO("a change of a set says its type") {
  const SetChange tlsa{dns::Name("_25._tcp.mail.example.test"),
                       TxtSet{300s, {{"3 1 1 aa"}}},
                       TxtSet{300s, {{"3 1 1 bb"}}},
                       {},
                       dns::Type::tlsa};
  const bool extends = GENERATE(true, false);
  json::Array patch;
  append_patch(patch, tlsa, extends);
  REQUIRE(patch.size() == (extends ? 2U : 1U));
  for (const auto& element : patch) CHECK(element["type"].text_or() == "TLSA");
  CHECK(patch.back()["records"].elements().front()["content"].text_or() == "3 1 1 bb");
  CHECK(patch.back()["name"].text_or() == "_25._tcp.mail.example.test.");
}
