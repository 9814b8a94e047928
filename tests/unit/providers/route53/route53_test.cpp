// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/route53.h"

#include "tests/unit/catch.h"
#include "tests/unit/providers/conformance.h"
#include "tests/unit/providers/route53/scene.h"

using namespace acmed;
using namespace acmed::providers;
using namespace acmed::providers::route53;
using Catch::Contains;
using Catch::StartsWith;
using namespace std::chrono_literals;
using Values = std::set<std::string>;

namespace {

class FakeStage final : public Stage {
 public:
  Loop& loop() override { return scene_.loop; }
  std::unique_ptr<Provider> make_provider() override { return scene_.make_provider(); }
  dns::Name zone() override { return example_zone.apex; }
  Values values_at(const dns::Name& name) override { return scene_.aws.values_at(name); }
  void put(const dns::Name& name, const std::string& value) override { scene_.aws.add_value(name, value); }

 private:
  Scene scene_;
};

std::vector<TxtChange> hundred(TxtChange (*change)(const dns::Name&, const std::string&)) {
  std::vector<TxtChange> changes;
  for (int i = 0; i < 100; ++i) changes.push_back(change(name_at(i), std::string(43, 'v')));
  return changes;
}

const TxtSet one_address{300s, {{"192.0.2.1"}}};

/// Neighbours of the first `count` names, of kinds that do not matter.
void crowd(FakeRoute53& aws, int count) {
  for (int i = 0; i < count; ++i) {
    aws.put(fmt::format("h{}.example.test.", i), "A", one_address);
    aws.put(fmt::format("h{}.example.test.", i), "AAAA", one_address);
    aws.put(fmt::format("_acme-challenge.h{}.example.test.", i), "CAA", one_address);
  }
}

}  // namespace

SCENARIO("route53 does what every provider must") {
  FakeStage stage;
  check_conformance(stage);
}

SCENARIO("a hundred names cost one call to read and one to change") {
  Scene scene;
  const auto provider = scene.make_provider();
  CHECK(scene.outcome(provider->apply(example_zone, hundred(addition))) == "made");
  CHECK(scene.aws.count("ListResourceRecordSets") == 1);
  CHECK(scene.aws.count("ChangeResourceRecordSets") == 1);
  CHECK(scene.aws.values_at(name_at(99)).size() == 1);
  WHEN("they are added again") {
    CHECK(scene.outcome(provider->apply(example_zone, hundred(addition))) == "made");
    CHECK(scene.aws.count("ChangeResourceRecordSets") == 1);
  }
  WHEN("they are removed") {
    CHECK(scene.outcome(provider->apply(example_zone, hundred(removal))) == "made");
    CHECK(scene.aws.count("ListResourceRecordSets") == 2);
    CHECK(scene.aws.count("ChangeResourceRecordSets") == 2);
    CHECK(scene.aws.values_at(name_at(99)).empty());
  }
  WHEN("others have values at each") {
    for (int i = 0; i < 100; ++i) scene.aws.add_value(name_at(i), "foreign");
    CHECK(scene.outcome(provider->apply(example_zone, hundred(removal))) == "made");
    CHECK(scene.aws.count("ChangeResourceRecordSets") == 3);  // to delete and create each set are two changes
    CHECK(scene.aws.values_at(name_at(99)) == Values{"foreign"});
  }
  CHECK(scene.outcome(provider->apply(example_zone, {})) == "made");
}

SCENARIO("a listing in pages is read as far as it matters") {
  Scene scene;
  const auto provider = scene.make_provider();
  crowd(scene.aws, 100);
  WHEN("one name is changed") {
    CHECK(scene.outcome(provider->apply(example_zone, {addition(name_at(50), "one")})) == "made");
    CHECK(scene.aws.count("ListResourceRecordSets") == 1);
    CHECK(scene.aws.requests().front().query.at("maxitems") == "10");
  }
  WHEN("many are, of many pages") {
    scene.aws.sets_a_page = 30;
    scene.aws.add_value(name_at(20), "foreign");
    CHECK(scene.outcome(provider->apply(example_zone, hundred(addition))) == "made");
    CHECK(scene.aws.values_at(name_at(20)) == Values{"foreign", std::string(43, 'v')});
    // Some 300 sets.
    CHECK(scene.aws.count("ListResourceRecordSets") <= 11);
    CHECK(scene.aws.count("ListResourceRecordSets") >= 10);
  }
  WHEN("few are, far apart") {
    scene.aws.sets_a_page = 30;
    CHECK(scene.outcome(provider->apply(example_zone, {addition(name_at(10), "a"), addition(name_at(90), "b")})) ==
          "made");
    CHECK(scene.aws.count("ListResourceRecordSets") == 2);
  }
  WHEN("a page ends amid the sets of a name") {
    scene.aws.sets_a_page = 1;
    scene.aws.add_value(name_at(20), "foreign");
    CHECK(scene.outcome(provider->apply(example_zone, {addition(name_at(20), "one")})) == "made");
    CHECK(scene.aws.values_at(name_at(20)) == Values{"foreign", "one"});
    CHECK(scene.aws.count("ListResourceRecordSets") == 3);  // CAA, TXT, and what shows that it was all
  }
  WHEN("it never ends") {
    const auto page = FakeRoute53::Answer{
        200,
        "<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>a.</Name><Type>A</Type>"
        "</ResourceRecordSet></ResourceRecordSets><IsTruncated>true</IsTruncated></ListResourceRecordSetsResponse>",
        {}};
    scene.aws.answers["ListResourceRecordSets"].assign(200, page);
    CHECK_THAT(scene.outcome(provider->apply(example_zone, {addition(name_at(20), "one")})),
               StartsWith("retry aws:answer the listing of zone example.test (Z1)"));
  }
}

SCENARIO("what others write at the same time is never lost") {
  Scene scene;
  const auto provider = scene.make_provider();
  scene.aws.add_value(challenge, "foreign");
  int times = 0;
  WHEN("they add to the set") {
    scene.aws.before_change = [&] {
      if (times++ < 3) scene.aws.add_value(challenge, fmt::format("other-{}", times));
    };
    CHECK(scene.outcome(provider->apply(example_zone, {addition(challenge, "one")})) == "made");
    CHECK(scene.aws.values_at(challenge) == Values{"foreign", "other-1", "other-2", "other-3", "one"});
    CHECK(scene.aws.count("ChangeResourceRecordSets") == 4);
  }
  WHEN("they make a set where there was none") {
    scene.aws.before_change = [&] {
      if (times++ == 0) scene.aws.add_value(name_at(1), "other");
    };
    CHECK(scene.outcome(provider->apply(example_zone, {addition(name_at(1), "one"), addition(name_at(2), "two")})) ==
          "made");
    CHECK(scene.aws.values_at(name_at(1)) == Values{"other", "one"});
    CHECK(scene.aws.values_at(name_at(2)) == Values{"two"});
  }
  WHEN("they remove the set") {
    scene.aws.before_change = [&] {
      if (times++ == 0) scene.aws.remove_values(challenge);
    };
    CHECK(scene.outcome(provider->apply(example_zone, {addition(challenge, "one")})) == "made");
    CHECK(scene.aws.values_at(challenge) == Values{"one"});
  }
  WHEN("they never stop") {
    scene.aws.before_change = [&] { scene.aws.add_value(challenge, fmt::format("other-{}", times++)); };
    CHECK_THAT(scene.outcome(provider->apply(example_zone, {addition(challenge, "one")})),
               StartsWith("retry aws:InvalidChangeBatch others keep changing TXT at "
                          "_acme-challenge.example.test in zone example.test (Z1)"));
    CHECK(scene.passed() < 1min);
    CHECK(times == 12);
  }
}

SCENARIO("the same value in another spelling is there already, and can be removed") {
  Scene scene;
  const auto provider = scene.make_provider();
  scene.aws.put(name_text(challenge), "TXT", {300s, {{R"("\150i")"}, {R"("somebody" "-elses")"}}});
  CHECK(scene.outcome(provider->apply(example_zone, {addition(challenge, "hi")})) == "made");
  CHECK(scene.aws.count("ChangeResourceRecordSets") == 0);
  CHECK(scene.outcome(provider->apply(example_zone, {removal(challenge, "hi")})) == "made");
  CHECK(scene.aws.values_at(challenge) == Values{"somebody-elses"});
}

SCENARIO("two at once of the same acmed do not get in each other's way") {
  Scene scene;
  const auto provider = scene.make_provider();
  std::vector<Task<>> both;
  for (int i = 0; i < 2; ++i) both.push_back(provider->apply(example_zone, {addition(challenge, std::to_string(i))}));
  run(scene.loop, when_all(std::move(both)));
  CHECK(scene.aws.values_at(challenge) == Values{"0", "1"});
  CHECK(scene.aws.count("ChangeResourceRecordSets") == 2);
}

SCENARIO("where a value cannot stand, the others are changed all the same") {
  Scene scene;
  const auto provider = scene.make_provider();
  scene.aws.put(name_text(name_at(1)), "CNAME", {300s, {{"elsewhere.test"}}});
  scene.aws.put(name_text(name_at(2)), "NS", {300s, {{"ns.elsewhere.test"}}});
  scene.aws.put(name_text(name_at(3)), "TXT", {60s, {{"\"x\""}}}, false);
  const auto outcome =
      scene.outcome(provider->apply(example_zone, {addition(name_at(0), "a"), addition(name_at(1), "a"),
                                                   addition(name_at(2), "a"), addition(name_at(3), "a")}));
  CHECK_THAT(outcome, StartsWith("refused aws:obstacle ") &&
                          Contains("a CNAME stands at _acme-challenge.h1.example.test in zone example.test (Z1)") &&
                          Contains("_acme-challenge.h2.example.test is delegated") &&
                          Contains("TXT records of a routing policy stand at _acme-challenge.h3.example.test"));
  CHECK(scene.aws.values_at(name_at(0)) == Values{"a"});
  THEN("whoever shares the call has only its own trouble") {
    try {
      run(scene.loop, provider->apply(example_zone, {addition(name_at(0), "b"), addition(name_at(1), "b")}));
      FAIL("a value cannot stand beside a CNAME");
    } catch (const SomeFailed& failed) {
      CHECK(failed.among({name_at(0)}) == nullptr);
      CHECK(failed.among({name_at(0), name_at(1)}) != nullptr);
    }
  }
  THEN("nothing is in the way of a removal, not even of what is hidden") {
    scene.aws.add_value(name_at(2), "a");
    CHECK(scene.outcome(provider->apply(
              example_zone, {removal(name_at(1), "a"), removal(name_at(2), "a"), removal(name_at(3), "a")})) == "made");
    CHECK(scene.aws.values_at(name_at(2)).empty());
  }
  THEN("the name servers of the zone itself are no delegation") {
    CHECK(scene.outcome(provider->apply(example_zone, {addition(example_zone.apex, "a")})) == "made");
  }
}

SCENARIO("a name that Route 53 refuses is named alone, and the others of the batch are changed") {
  Scene scene;
  scene.aws.refused = {name_at(2).text() + "."};
  const auto provider = scene.make_provider();
  std::vector<TxtChange> changes;
  for (int i = 0; i < 5; ++i) changes.push_back(addition(name_at(i), "x"));
  const auto outcome = scene.outcome(provider->apply(example_zone, changes));
  CHECK_THAT(outcome, StartsWith("refused aws:InvalidChangeBatch Route 53 refuses to change TXT at "
                                 "_acme-challenge.h2.example.test in zone example.test (Z1): [Cannot have more than"));
  for (int i = 0; i < 5; ++i) {
    INFO(i);
    CHECK(scene.aws.values_at(name_at(i)).size() == (i == 2 ? 0 : 1));
    CHECK((outcome.find(name_at(i).text()) != outcome.npos) == (i == 2));
  }
}

SCENARIO("a zone that the account has no more is told by its cause") {
  Scene scene;
  const auto provider = scene.make_provider();
  const auto remove = [&] { return scene.outcome(provider->apply(example_zone, {removal(challenge, "one")})); };
  WHEN("it was deleted") {
    scene.aws.answers["ListResourceRecordSets"] = {aws_error(404, "NoSuchHostedZone", "No hosted zone found: Z1")};
    CHECK_THAT(remove(), StartsWith("refused zone:gone "));
  }
  const auto denied = aws_error(403, "AccessDenied", "no");
  WHEN("it is another account's by now") {
    scene.aws.answers["ListResourceRecordSets"] = {denied};
    scene.aws.zones = {{"Z2", "else.test."}};
    CHECK_THAT(remove(), StartsWith("refused zone:gone zone example.test (Z1) is not among the hosted zones"));
  }
  WHEN("it is there and may not be changed") {
    scene.aws.answers["ListResourceRecordSets"] = {denied};
    CHECK_THAT(remove(), StartsWith("refused aws:AccessDenied "));
  }
  WHEN("the zones may not be listed either") {
    scene.aws.answers["ListResourceRecordSets"] = {denied};
    scene.aws.answers["ListHostedZonesByName"] = {denied};
    CHECK_THAT(remove(), StartsWith("refused aws:AccessDenied "));
  }
}

SCENARIO("the configured hosted zone needs no listing") {
  Scene scene;
  scene.settings.hosted_zone_id = "Z7";
  const auto provider = scene.make_provider();
  CHECK(run(scene.loop, provider->zone_of(challenge)) == Zone{dns::Name("example.test"), "Z7"});
  CHECK_FALSE(run(scene.loop, provider->zone_of(dns::Name("_acme-challenge.other.test"))));
  CHECK(scene.aws.requests().empty());
  WHEN("the credentials are checked") {
    CHECK(scene.outcome(provider->check_credentials()) == "made");
    CHECK(scene.aws.requests().front().path == "/2013-04-01/hostedzone/Z7/rrset");
  }
}

SCENARIO("the zone is the public one of the longest name") {
  Scene scene;
  scene.aws.zones = {{"Z1", "example.test."},
                     {"Z2", "sub.example.test."},
                     {"Z3", "deep.sub.example.test.", true},
                     {"Z4", "other.test."},
                     {"Z5", "\\052.example.test."}};
  const auto provider = scene.make_provider();
  const auto id_for = [&](const char* name) {
    const auto zone = run(scene.loop, provider->zone_of(dns::Name(name)));
    return zone ? zone->id : "none";
  };
  CHECK(id_for("_acme-challenge.example.test") == "Z1");
  CHECK(id_for("_acme-challenge.deep.sub.example.test") == "Z2");
  CHECK(id_for("sub.example.test") == "Z2");
  CHECK(id_for("_acme-challenge.subexample.test") == "none");
  CHECK(scene.aws.count("ListHostedZonesByName") == 1);
  WHEN("the listing has pages") {
    scene.aws.zones_a_page = 2;
    scene.clock.advance(2min);  // what was found is kept for a minute
    CHECK(id_for("_acme-challenge.sub.example.test") == "Z2");
    CHECK(id_for("_acme-challenge.other.test") == "Z4");
    CHECK(scene.aws.count("ListHostedZonesByName") == 4);
  }
  WHEN("the credentials are checked") {
    CHECK(scene.outcome(provider->check_credentials()) == "made");
    CHECK(scene.aws.requests().back().query.at("maxitems") == "1");
  }
}

SCENARIO("of several zones of one name, the DNS tells which is meant") {
  Scene scene;
  dns::fake::NameServer parent(scene.loop, "127.0.1.3");
  dns::fake::NameServer server(scene.loop, "127.0.1.2");
  const auto delegation = dns::fake::ns("example.test", "ns-2.awsdns.test");
  const auto glue = dns::fake::address("ns-2.awsdns.test", "127.0.1.2");
  scene.resolver.say("test", dns::Type::soa, {.answer = {dns::fake::soa("test")}});
  scene.resolver.say("test", dns::Type::ns, {.answer = {dns::fake::ns("test", "ns.test")}});
  scene.resolver.say("ns.test", dns::Type::a, {.answer = {dns::fake::address("ns.test", "127.0.1.3")}});
  scene.resolver.say("ns-2.awsdns.test", dns::Type::a, {.answer = {glue}});
  for (const auto type : {dns::Type::txt, dns::Type::ns}) {
    parent.say("example.test", type, {.authoritative = false, .authority = {delegation}, .additional = {glue}});
  }
  server.say("example.test", dns::Type::ns, {.answer = {delegation}});
  server.say("example.test", dns::Type::txt, {.authority = {dns::fake::soa("example.test")}});
  scene.aws.zones = {{"Z1", "example.test.", false, {"ns-1.awsdns.test."}},
                     {"Z2", "example.test.", false, {"ns-2.awsdns.test.", "ns-3.awsdns.test."}},
                     {"Z3", "example.test.", true, {"ns-2.awsdns.test."}}};
  const auto provider = scene.make_provider();
  WHEN("it leads to one") {
    CHECK(run(scene.loop, provider->zone_of(challenge))->id == "Z2");
    CHECK(run(scene.loop, provider->zone_of(name_at(1)))->id == "Z2");
    CHECK(scene.aws.count("ListResourceRecordSets") == 2);
  }
  WHEN("one may not be read, and it leads to the other") {
    scene.aws.answers["ListResourceRecordSets"].push_back(aws_error(403, "AccessDenied", "not yours"));
    CHECK(run(scene.loop, provider->zone_of(challenge))->id == "Z2");
  }
  WHEN("it leads to none") {
    scene.aws.zones[1].name_servers = {"ns-9.awsdns.test."};
    CHECK_THAT(scene.outcome(provider->zone_of(challenge)),
               StartsWith("refused aws:ambiguous-zone several hosted zones are called example.test (Z1, Z2), "
                          "and the DNS leads to none of them: give `hosted_zone_id`"));
  }
  WHEN("it leads to both") {
    scene.aws.zones[0].name_servers = {"ns-2.awsdns.test."};
    CHECK_THAT(scene.outcome(provider->zone_of(challenge)), Contains("leads to more than one of them"));
  }
}
