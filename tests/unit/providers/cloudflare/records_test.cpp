// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tests/unit/catch.h"
#include "tests/unit/providers/cloudflare/scene.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;
using Catch::Contains;
using Catch::StartsWith;
using Values = std::set<std::string>;

namespace {

const dns::Name challenge("_acme-challenge.example.test");

dns::Name name_at(int i) {
  return dns::Name(fmt::format("_acme-challenge.h{}.example.test", i));
}

std::vector<TxtChange> changes(Action action, int count) {
  std::vector<TxtChange> all;
  for (int i = 0; i < count; ++i) all.push_back({action, name_at(i), fmt::format("value-{}", i), 60s});
  return all;
}

TxtChange add(const dns::Name& name, const std::string& value, std::chrono::seconds ttl = 60s) {
  return {Action::add, name, value, ttl};
}

TxtChange remove(const dns::Name& name, const std::string& value) {
  return {Action::remove, name, value, {}};
}

std::string path(const std::string& rest) {
  return "/zones/" + FakeCloudflare::id(1) + "/dns_records" + rest;
}

const std::string all_records = "?type=TXT&per_page=300&page=1";

}  // namespace

SCENARIO("all changes of a zone travel in one batch") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  auto& calls = scene.fake.calls;

  WHEN("many are added and then removed") {
    CHECK(scene.apply(*provider, changes(Action::add, 100)) == "made");
    CHECK(scene.fake.records.size() == 100);
    CHECK(calls == std::vector<std::string>{"POST " + path("/batch")});
    CHECK(scene.apply(*provider, changes(Action::remove, 100)) == "made");
    CHECK(scene.fake.records.empty());
    CHECK(calls.size() == 2);
    THEN("their ids are forgotten") {
      CHECK(scene.apply(*provider, changes(Action::remove, 100)) == "made");
      CHECK(calls.size() == 3);
      CHECK(calls.back() == "GET " + path(all_records));
    }
  }
  WHEN("they are more than a batch takes") {
    CHECK(scene.apply(*provider, changes(Action::add, 450)) == "made");
    CHECK(scene.fake.records.size() == 450);
    CHECK(calls.size() == 3);
  }
  WHEN("some are removed and others added") {
    CHECK(scene.apply(*provider, changes(Action::add, 2)) == "made");
    CHECK(scene.apply(*provider,
                      {add(challenge, "new"), remove(name_at(0), "value-0"), remove(name_at(1), "value-1")}) == "made");
    CHECK(calls.size() == 2);
    CHECK(scene.fake.records.size() == 1);
  }
  WHEN("one value is asked for twice") {
    CHECK(scene.apply(*provider, {add(challenge, "v"), add(challenge, "v"), add(name_at(1), "v")}) == "made");
    CHECK(scene.fake.records.size() == 2);
    CHECK(calls.size() == 1);
    THEN("of contrary wishes the last one counts") {
      CHECK(scene.apply(*provider, {add(challenge, "v"), remove(challenge, "v")}) == "made");
      CHECK(scene.fake.values_at(challenge.text()).empty());
    }
  }
  WHEN("there are none") {
    CHECK(scene.apply(*provider, {}) == "made");
    CHECK(calls.empty());
  }
  WHEN("there is but one") {
    CHECK(scene.apply(*provider, {add(challenge, "v")}) == "made");
    CHECK(scene.apply(*provider, {remove(challenge, "v")}) == "made");
    CHECK(scene.fake.records.empty());
    CHECK(calls.size() == 2);
    CHECK(calls[0] == "POST " + path(""));
    CHECK_THAT(calls[1], StartsWith("DELETE " + path("/")));
    CHECK(scene.apply(*provider, {remove(challenge, "v")}) == "made");
    CHECK(calls.size() == 3);
    CHECK_THAT(calls.back(), StartsWith("GET "));
  }
}

SCENARIO("records are as Cloudflare wants them") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  CHECK(scene.apply(*provider, {add(challenge, "a \"b\"", 5s)}) == "made");
  CHECK(scene.fake.last_body ==
        R"({"content":"\"a \\\"b\\\"\"","name":"_acme-challenge.example.test","ttl":60,"type":"TXT"})");
  CHECK(scene.apply(*provider, {add(challenge, "c", 48h)}) == "made");
  CHECK_THAT(scene.fake.last_body, Contains("\"ttl\":86400"));
}

SCENARIO("the fields of a TLSA record stand apart, and it is found by its type") {
  CloudflareScene scene;
  auto provider = scene.provider();
  TxtChange tlsa{Action::add, dns::Name("_25._tcp.mail.example.test"), "3 1 1 abcd", 300s};
  tlsa.type = dns::Type::tlsa;
  CHECK(scene.apply(*provider, {tlsa}) == "made");
  CHECK(
      scene.fake.last_body ==
      R"({"data":{"certificate":"abcd","matching_type":1,"selector":1,"usage":3},"name":"_25._tcp.mail.example.test",)"
      R"("ttl":300,"type":"TLSA"})");
  provider = scene.provider();
  scene.fake.records.clear();
  scene.fake.calls.clear();
  scene.fake.put(tlsa.name.text(), "3 1 1 ABCD");
  tlsa.action = Action::remove;
  CHECK(scene.apply(*provider, {tlsa}) == "made");
  CHECK(scene.fake.records.empty());
  CHECK_THAT(scene.fake.calls.front(), Contains("?type=TLSA&per_page=300&name=_25._tcp.mail.example.test"));
}

SCENARIO("ids that were lost are found by name and content") {
  CloudflareScene scene;
  auto provider = scene.provider();
  scene.fake.put(challenge.text(), "\"foreign\"");
  CHECK(scene.apply(*provider, {add(challenge, "one"), add(challenge, "two"), add(name_at(1), "three")}) == "made");
  provider = scene.provider();
  scene.fake.calls.clear();
  scene.fake.lists_bare = GENERATE(false, true);

  WHEN("they are at one name") {
    CHECK(scene.apply(*provider, {remove(challenge, "one"), remove(challenge, "two")}) == "made");
    CHECK(scene.fake.values_at(challenge.text()) == Values{"foreign"});
    CHECK(scene.fake.calls ==
          std::vector<std::string>{"GET " + path("?type=TXT&per_page=300&name=_acme-challenge.example.test&page=1"),
                                   "POST " + path("/batch")});
  }
  WHEN("they are at several") {
    CHECK(scene.apply(*provider, {remove(challenge, "one"), remove(challenge, "two"), remove(name_at(1), "three")}) ==
          "made");
    CHECK(scene.fake.records.size() == 1);
    CHECK(scene.fake.calls == std::vector<std::string>{"GET " + path(all_records), "POST " + path("/batch")});
  }
  WHEN("one is there in two forms") {
    scene.fake.put(challenge.text(), "one");
    CHECK(scene.apply(*provider, {remove(challenge, "one")}) == "made");
    CHECK(scene.fake.values_at(challenge.text()) == Values{"foreign", "two"});
  }
  WHEN("some were never there") {
    CHECK(scene.apply(*provider, {remove(challenge, "one"), remove(challenge, "never"), remove(name_at(7), "x")}) ==
          "made");
    CHECK(scene.fake.values_at(challenge.text()) == Values{"foreign", "two"});
    CHECK(scene.fake.calls.size() == 2);
  }
  WHEN("the zone has so many records that asking for the names is less") {
    for (int i = 0; i < 10; ++i) scene.fake.put(fmt::format("t{}.example.test", i), "x");
    scene.fake.records_per_page = 3;
    CHECK(scene.apply(*provider, {remove(challenge, "one"), remove(name_at(1), "three")}) == "made");
    CHECK(scene.fake.values_at(challenge.text()) == Values{"foreign", "two"});
    CHECK(scene.fake.values_at(name_at(1).text()).empty());
    CHECK(scene.fake.calls_with("&name=") == 2);
    CHECK(scene.fake.calls.size() == 4);
  }
  WHEN("the listing has several pages") {
    scene.fake.records_per_page = 2;
    CHECK(scene.apply(*provider, {remove(challenge, "one"), remove(challenge, "two"), remove(name_at(1), "three")}) ==
          "made");
    CHECK(scene.fake.records.size() == 1);
    CHECK(scene.fake.calls_with("page=2") == 1);
    CHECK(scene.fake.calls.size() == 3);
  }
  WHEN("the listing is refused") {
    scene.fake.instead = {FakeCloudflare::refusal(403, 10000, "Authentication error")};
    CHECK_THAT(scene.apply(*provider, {remove(challenge, "one")}),
               StartsWith("refused cloudflare:10000 Cloudflare refuses to list TXT records of zone "
                          "example.test (10000: Authentication error)") &&
                   Contains("Zone / DNS / Edit for example.test (id 0"));
  }
}

SCENARIO("what is there already is added, and what is not there is removed") {
  CloudflareScene scene;
  auto provider = scene.provider();
  scene.fake.put(challenge.text(), "\"one\"");

  WHEN("it comes in a batch") {
    CHECK(scene.apply(*provider, {add(challenge, "one"), add(challenge, "two"), add(name_at(1), "three")}) == "made");
    CHECK(scene.fake.records.size() == 3);
    CHECK(scene.fake.calls ==
          std::vector<std::string>{"POST " + path("/batch"), "GET " + path(all_records), "POST " + path("/batch")});
    THEN("its id was learnt") {
      scene.fake.calls.clear();
      CHECK(scene.apply(*provider, {remove(challenge, "one"), remove(challenge, "two")}) == "made");
      CHECK(scene.fake.calls == std::vector<std::string>{"POST " + path("/batch")});
    }
  }
  WHEN("all of a batch is there") {
    CHECK(scene.apply(*provider, {add(challenge, "one"), add(name_at(1), "v")}) == "made");
    scene.fake.calls.clear();
    CHECK(scene.apply(*scene.provider(), {add(challenge, "one"), add(name_at(1), "v")}) == "made");
    CHECK(scene.fake.calls == std::vector<std::string>{"POST " + path("/batch"), "GET " + path(all_records)});
    CHECK(scene.fake.records.size() == 2);
  }
  WHEN("it comes alone") {
    CHECK(scene.apply(*provider, {add(challenge, "one")}) == "made");
    CHECK(scene.apply(*provider, {remove(challenge, "one")}) == "made");
    CHECK(scene.fake.records.empty());
  }
  WHEN("somebody else removed what was added") {
    CHECK(scene.apply(*provider, {add(challenge, "two"), add(name_at(1), "three")}) == "made");
    std::erase_if(scene.fake.records, [](const auto& record) { return record.second.content == "\"two\""; });
    THEN("the others of the batch are removed") {
      scene.fake.calls.clear();
      CHECK(scene.apply(*provider, {remove(challenge, "two"), remove(name_at(1), "three")}) == "made");
      CHECK(scene.fake.records.size() == 1);
      CHECK(scene.fake.calls.size() == 3);  // the batch, the listing, and the one that is left
    }
    THEN("alone it is removed as well") {
      CHECK(scene.apply(*provider, {remove(challenge, "two")}) == "made");
    }
    THEN("it is removed, too, when it is back under another id") {
      scene.fake.put(challenge.text(), "\"two\"");
      CHECK(scene.apply(*provider, {remove(challenge, "two")}) == "made");
      CHECK(scene.fake.values_at(challenge.text()) == Values{"one"});
    }
  }
}

SCENARIO("one record that is refused does not keep the others back") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  WHEN("it is one of many") {
    scene.fake.denied = {name_at(2).text()};
    CHECK(scene.apply(*provider, changes(Action::add, 8)) ==
          "refused cloudflare:81054 Cloudflare refuses TXT at _acme-challenge.h2.example.test in zone "
          "example.test (81054: A CNAME record with that host already exists): a CNAME stands there, so the value "
          "belongs "
          "at its target");
    CHECK(scene.fake.records.size() == 7);
    CHECK(scene.fake.calls.size() == 7);  // 8, then halves: 4+4, 2+2, 1+1
    THEN("the others' journeys hear nothing of it") {
      const auto another = scene.provider();
      try {
        run(scene.loop, another->apply({dns::Name("example.test"), FakeCloudflare::id(1)}, changes(Action::add, 8)));
        FAIL("it succeeded");
      } catch (const SomeFailed& failed) {
        CHECK(failed.among({name_at(2), name_at(3)}) != nullptr);
        CHECK(failed.among({name_at(1), name_at(3)}) == nullptr);
      }
    }
    THEN("all that were added are removed in one batch") {
      scene.fake.calls.clear();
      CHECK(scene.apply(*provider, changes(Action::remove, 8)) == "made");
      CHECK(scene.fake.records.empty());
      CHECK(scene.fake.calls_with("/batch") == 1);
    }
  }
  WHEN("another one is there already") {
    scene.fake.denied = {name_at(2).text()};
    scene.fake.put(name_at(6).text(), "\"value-6\"");
    CHECK_THAT(scene.apply(*provider, changes(Action::add, 8)), StartsWith("refused cloudflare:81054"));
    CHECK(scene.fake.records.size() == 7);
  }
  WHEN("all are") {
    for (int i = 0; i < 20; ++i) scene.fake.denied.insert(name_at(i).text());
    CHECK_THAT(scene.apply(*provider, changes(Action::add, 20)), Contains("and 12 more in zone"));
  }
}

SCENARIO("without a batch every record has its own call") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  scene.fake.has_batch = false;
  CHECK(scene.apply(*provider, changes(Action::add, 5)) == "made");
  CHECK(scene.fake.records.size() == 5);
  CHECK(scene.fake.calls.size() == 6);
  THEN("it is not asked for again, until the provider rests") {
    CHECK(scene.apply(*provider, changes(Action::remove, 5)) == "made");
    CHECK(scene.fake.records.empty());
    CHECK(scene.fake.calls_with("/batch") == 1);
    provider->rest();
    scene.fake.has_batch = true;
    CHECK(scene.apply(*provider, changes(Action::add, 5)) == "made");
    CHECK(scene.fake.calls_with("/batch") == 2);
  }
  THEN("one that is refused does not keep the others back") {
    scene.fake.denied = {challenge.text()};
    CHECK_THAT(scene.apply(*provider, {add(challenge, "x"), add(name_at(8), "y")}),
               StartsWith("refused cloudflare:81054"));
    CHECK(scene.fake.values_at(name_at(8).text()) == Values{"y"});
  }
}

SCENARIO("what concerns the token or the zone is not tried record by record") {
  CloudflareScene scene;
  const auto provider = scene.provider();
  scene.zone_of(*provider, "example.test");
  const auto said = [&](int status, int code, const std::string& words) {
    scene.fake.instead = {FakeCloudflare::refusal(status, code, words)};
    const auto before = scene.fake.calls.size();
    auto outcome = scene.apply(*provider, changes(Action::add, 4));
    CHECK(scene.fake.calls.size() == before + 1);
    return outcome;
  };
  CHECK_THAT(said(403, 10000, "Authentication error"),
             StartsWith("refused cloudflare:10000 Cloudflare refuses to change TXT records of zone "
                        "example.test (10000: Authentication error): the token of [provider.cf] must be right") &&
                 Contains("the permission Zone / DNS / Edit for example.test (id 0"));
  CHECK_THAT(said(403, 9109, "Invalid access token"), StartsWith("refused cloudflare:9109"));
  CHECK_THAT(said(401, 10001, "Unable to authenticate request"), Contains("the permission Zone / DNS / Edit"));
  CHECK_THAT(said(400, 6003, "Invalid request headers"), Contains("copy the whole token, and not the Global API Key"));
  CHECK_THAT(said(400, 81045, "Record quota exceeded."), Contains("as many records as its plan allows"));

  WHEN("the zone's id is wrong") {
    const auto unknown = FakeCloudflare::refusal(404, 7003, "Could not route");
    scene.fake.instead = {unknown, unknown};
    CHECK_THAT(scene.apply(*provider, changes(Action::add, 4)),
               StartsWith("refused cloudflare:7003") &&
                   Contains("look at zone_id and url of [provider.cf]: there is no zone with the id " +
                            FakeCloudflare::id(1)));
  }
}

SCENARIO("without an answer nobody knows, and the same can be asked for again") {
  CloudflareScene scene;
  const auto provider = scene.provider();

  WHEN("the answer to an addition is lost") {
    scene.fake.deaf_to_batches_for = 1000;
    CHECK_THAT(scene.apply(*provider, changes(Action::add, 3)),
               StartsWith("retry curl:52 ") && Contains("Whether the change was made is not known"));
    scene.fake.deaf_to_batches_for = 0;
    CHECK(scene.fake.records.size() == 3);
    THEN("it is made once") {
      CHECK(scene.apply(*provider, changes(Action::add, 3)) == "made");
      CHECK(scene.fake.records.size() == 3);
    }
    THEN("it is undone") {
      CHECK(scene.apply(*provider, changes(Action::remove, 3)) == "made");
      CHECK(scene.fake.records.empty());
    }
  }
  WHEN("the answer to a removal is lost") {
    CHECK(scene.apply(*provider, changes(Action::add, 3)) == "made");
    provider->rest();  // a fresh connection: curl asks again by itself when an old one is cut
    scene.fake.deaf_to_batches_for = 1000;
    CHECK_THAT(scene.apply(*provider, changes(Action::remove, 3)), StartsWith("retry curl:52"));
    scene.fake.deaf_to_batches_for = 0;
    CHECK(scene.apply(*provider, changes(Action::remove, 3)) == "made");
    CHECK(scene.fake.records.empty());
  }
  WHEN("only the first answer is lost") {
    scene.fake.deaf_to_batches_for = 1;
    CHECK(scene.apply(*provider, changes(Action::add, 3)) == "made");
    CHECK(scene.fake.records.size() == 3);
    provider->rest();
    scene.fake.deaf_to_batches_for = 1;
    CHECK(scene.apply(*provider, changes(Action::remove, 3)) == "made");
    CHECK(scene.fake.records.empty());
  }
  WHEN("an old connection is cut, and curl asks again by itself") {
    CHECK(scene.apply(*provider, {add(challenge, "one")}) == "made");
    scene.fake.deaf_to_batches_for = 1;
    CHECK(scene.apply(*provider, changes(Action::add, 3)) == "made");
    CHECK(scene.fake.records.size() == 4);
    CHECK(scene.apply(*provider, changes(Action::remove, 3)) == "made");
    CHECK(scene.fake.records.size() == 1);
  }
}

SCENARIO("a value that was kept with another id of its zone is removed, too") {
  CloudflareScene scene;
  scene.fake.put(challenge.text(), "\"one\"");
  const auto remove_from = [&](const std::string& zone_id) {
    const auto provider = scene.provider();
    return outcome_of([&] {
      run(scene.loop, provider->apply({dns::Name("example.test"), zone_id}, {remove(challenge, "one")}));
    });
  };
  WHEN("there was none, since the provider was of another type") {
    CHECK(remove_from("") == "made");
    CHECK(scene.fake.records.empty());
  }
  WHEN("the zone had another one") {
    CHECK(remove_from(FakeCloudflare::id(66)) == "made");
    CHECK(scene.fake.records.empty());
  }
  WHEN("the configured one was wrong") {
    scene.settings.zone_id = FakeCloudflare::id(1);
    CHECK(remove_from(FakeCloudflare::id(66)) == "made");
    CHECK(scene.fake.records.empty());
    CHECK(scene.fake.calls_with("/zones?") == 0);
  }
  WHEN("the configured one is wrong") {
    scene.settings.zone_id = FakeCloudflare::id(66);
    CHECK_THAT(remove_from(FakeCloudflare::id(66)), StartsWith("refused zone:gone "));
    const auto provider = scene.provider();
    CHECK_THAT(
        outcome_of([&] {
          run(scene.loop, provider->apply({dns::Name("example.test"), FakeCloudflare::id(66)}, {add(challenge, "x")}));
        }),
        StartsWith("refused cloudflare:10000"));
  }
  WHEN("there is no such zone any more") {
    scene.fake.zones = {{FakeCloudflare::id(2), "else.test"}};
    CHECK_THAT(remove_from(FakeCloudflare::id(1)), StartsWith("refused zone:gone the zone example.test (id " +
                                                              FakeCloudflare::id(1) + ") is gone from Cloudflare"));
    CHECK_THAT(remove_from(""), StartsWith("refused zone:gone "));
    THEN("a token that sees no zone at all may not list any, and is good by its own") {
      const auto may_not_list = FakeCloudflare::refusal(403, 0, "requires permission 'account.zone.list'");
      const auto denied = FakeCloudflare::refusal(403, 10000, "Authentication error");
      scene.fake.instead = {denied, may_not_list, may_not_list,
                            FakeCloudflare::success(json::Object{{"status", "active"}})};
      CHECK_THAT(remove_from(FakeCloudflare::id(1)), StartsWith("refused zone:gone "));
    }
    THEN("a token that is good for nothing any more is told as such") {
      const auto refusal = FakeCloudflare::refusal(403, 9109, "Invalid access token");
      scene.fake.instead = {refusal, refusal, refusal};
      CHECK_THAT(remove_from(FakeCloudflare::id(1)), StartsWith("refused cloudflare:9109"));
    }
  }
}
