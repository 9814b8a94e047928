// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/change_batch.h"

#include <fmt/format.h>

#include "providers/route53/record_set.h"
#include "tests/unit/catch.h"

using namespace acmed;
using namespace acmed::providers;
using namespace acmed::providers::route53;
using namespace std::chrono_literals;

namespace {

const dns::Name challenge("_acme-challenge.example.test");

dns::Name name_at(int i) {
  return dns::Name(fmt::format("_acme-challenge.h{}.example.test", i));
}

TxtSet set_of(std::size_t values, std::size_t size) {
  TxtSet set{60s, {}};
  for (std::size_t i = 0; i < values; ++i) set.records.push_back({fmt::format("\"{:0{}}\"", i, size - 2)});
  return set;
}

std::vector<std::size_t> sizes(const std::vector<std::vector<SetChange>>& batches) {
  std::vector<std::size_t> all;
  for (const auto& batch : batches) all.push_back(batch.size());
  return all;
}

}  // namespace

SCENARIO("batches keep within what Route 53 takes") {
  WHEN("each change is one") {
    std::vector<SetChange> changes;
    for (int i = 0; i < 101; ++i) changes.push_back({name_at(i), TxtSet(), set_of(1, 45)});
    CHECK(sizes(batches_of(changes)) == std::vector<std::size_t>{100, 1});
  }
  WHEN("each change is two, a set being replaced") {
    std::vector<SetChange> changes;
    for (int i = 0; i < 101; ++i) changes.push_back({name_at(i), set_of(1, 45), set_of(2, 45)});
    CHECK(sizes(batches_of(changes)) == std::vector<std::size_t>{50, 50, 1});
  }
  WHEN("the records are many") {
    std::vector<SetChange> changes;
    for (int i = 0; i < 4; ++i) changes.push_back({name_at(i), set_of(250, 10), set_of(250, 10)});
    CHECK(sizes(batches_of(changes)) == std::vector<std::size_t>{2, 2});
  }
  WHEN("the values are long") {
    std::vector<SetChange> changes;
    for (int i = 0; i < 4; ++i) changes.push_back({name_at(i), TxtSet(), set_of(100, 160)});
    CHECK(sizes(batches_of(changes)) == std::vector<std::size_t>{2, 2});
  }
  WHEN("one change alone is too much") {
    std::vector<SetChange> changes;
    for (int i = 0; i < 3; ++i) changes.push_back({name_at(i), set_of(600, 10), set_of(601, 10)});
    CHECK(sizes(batches_of(changes)) == std::vector<std::size_t>{1, 1, 1});
  }
  CHECK(batches_of({}).empty());
}

SCENARIO("a batch deletes the old set before it creates the new one") {
  const std::vector<SetChange> batch = {
      {challenge, {300s, {{"\"f\""}}}, {300s, {{"\"f\""}, {"\"one\""}}}},
      {name_at(1), {60s, {{"\"x\""}}}, {}},
  };
  const auto document = xml::parse(batch_document(batch)).value();
  CHECK(document.name == "ChangeResourceRecordSetsRequest");
  const auto& changes = document["ChangeBatch"]["Changes"].children;
  REQUIRE(changes.size() == 3);
  CHECK(changes[0]["Action"].text == "DELETE");
  CHECK(listed_set(changes[0]["ResourceRecordSet"]).set == batch[0].before);
  CHECK(changes[1]["Action"].text == "CREATE");
  CHECK(listed_set(changes[1]["ResourceRecordSet"]).set == batch[0].after);
  CHECK(changes[2]["Action"].text == "DELETE");
  CHECK(listed_set(changes[2]["ResourceRecordSet"]).name == "_acme-challenge.h1.example.test.");
}

SCENARIO("a set says its type") {
  const SetChange tlsa{
      dns::Name("_25._tcp.mail.example.test"), TxtSet(), TxtSet{300s, {{"3 1 1 ab"}}}, {}, dns::Type::tlsa};
  const auto document = batch_document({tlsa});
  CHECK_THAT(document, Catch::Contains("<Type>TLSA</Type>"));
  CHECK_THAT(document, Catch::Contains("<Value>3 1 1 ab</Value>"));
}
