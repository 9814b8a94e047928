// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/rrset_provider.h"

#include <functional>

#include "base/runtime/scope.h"
#include "providers/kit/character_string.h"
#include "tests/unit/catch.h"
#include "tests/unit/providers/conformance.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;

namespace {

const Zone zone{dns::Name("example.test"), {}};
const dns::Name challenge("_acme-challenge.example.test");
const dns::Name other("_acme-challenge.www.example.test");

/// What an operator keeps, and what is done to it.
struct Kept {
  std::map<dns::Name, TxtSet> sets{};
  std::map<dns::Name, Error> obstacles{};
  std::map<dns::Name, Error> refusals{};    ///< of replacements
  std::function<void()> meanwhile = [] {};  ///< another writer, between a look and the replacement
  std::function<void()> afterwards = [] {};
  std::vector<std::set<dns::Name>> looks{};
  int replacements = 0;
  std::set<dns::Type> types{};  ///< that were read
};

class InMemory final : public RrsetProvider {
 public:
  InMemory(bool compares, const Clock& clock, Kept& kept)
      : RrsetProvider(compares ? Writing::compared : Writing::blind, clock), compares_(compares), kept_(kept) {}

  Task<std::optional<Zone>> zone_of(dns::Name name) override {
    co_return name.is_within(zone.apex) ? std::optional(zone) : std::nullopt;
  }

 private:
  Task<std::map<dns::Name, Standing>> read(Zone, std::set<dns::Name> names, dns::Type type) override {
    kept_.types.insert(type);
    kept_.looks.push_back(names);
    std::map<dns::Name, Standing> standing;
    for (const auto& name : names) {
      standing[name].set = kept_.sets[name];
      const auto obstacle = kept_.obstacles.find(name);
      if (obstacle != kept_.obstacles.end()) standing[name].obstacle = obstacle->second;
    }
    co_return standing;
  }

  Task<Replaced> replace(Zone, std::vector<SetChange> sets) override {
    ++kept_.replacements;
    kept_.meanwhile();
    Replaced replaced;
    for (const auto& set : sets) {
      if (const auto refusal = kept_.refusals.find(set.name); refusal != kept_.refusals.end()) {
        replaced.refused.emplace(*refusal);
      } else if (compares_ && kept_.sets[set.name] != set.before) {
        replaced.overtaken.insert(set.name);
      } else {
        kept_.sets[set.name] = set.after;
      }
    }
    kept_.afterwards();
    co_return replaced;
  }

  void throw_contended(const Zone&, const std::vector<dns::Name>& names) const override {
    throw Retry("test:contended", names.front().text());
  }

  bool compares_;
  Kept& kept_;
};

class InMemoryStage final : public Stage {
 public:
  explicit InMemoryStage(bool compares) : compares_(compares) {}
  Loop& loop() override { return loop_; }
  std::unique_ptr<Provider> make_provider() override {
    return std::make_unique<InMemory>(compares_, loop_.clock(), kept_);
  }
  dns::Name zone() override { return ::zone.apex; }
  std::set<std::string> values_at(const dns::Name& name) override {
    std::set<std::string> found;
    for (const auto& record : kept_.sets[name].records) found.insert(bare(record.content));
    return found;
  }
  void put(const dns::Name& name, const std::string& value) override {
    auto& set = kept_.sets[name];
    set.ttl = 300s;
    set.records.push_back({quoted_string(value)});
  }

 private:
  /// All that the suite uses has no \DDD.
  static std::string bare(const std::string& content) {
    std::string value;
    for (std::size_t i = 1; i + 1 < content.size(); ++i) {
      if (content[i] == '\\') ++i;
      value += content[i];
    }
    return value;
  }

  bool compares_;
  VirtualClock clock_{std::chrono::sys_days(std::chrono::year(2026) / 11 / 26)};
  Loop loop_{clock_};
  Kept kept_;
};

struct Scene {
  explicit Scene(bool compares) : provider(compares, clock, kept) {}

  void apply(std::vector<TxtChange> changes) { run(loop, provider.apply(zone, std::move(changes))); }

  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 26)};
  Loop loop{clock};
  Kept kept;
  InMemory provider;
};

TxtChange add(const dns::Name& name, const std::string& value) {
  return {Action::add, name, value, 60s};
}
TxtChange remove(const dns::Name& name, const std::string& value) {
  return {Action::remove, name, value, {}};
}

}  // namespace

SCENARIO("an operator of whole sets does what every provider must") {
  InMemoryStage stage(GENERATE(true, false));
  check_conformance(stage);
}

SCENARIO("a set is what it was but for our own values") {
  Scene scene(GENERATE(true, false));
  const TxtSet foreign{300s, {{R"("somebody" "-elses")"}, {R"("\104i")"}, {"\"off\"", true}}};
  scene.kept.sets[challenge] = foreign;
  const auto& set = scene.kept.sets[challenge];
  WHEN("a value is added and removed") {
    scene.apply({add(challenge, "one")});
    CHECK(set.ttl == 300s);
    REQUIRE(set.records.size() == 4);
    CHECK(set.records.back().content == "\"one\"");
    scene.apply({remove(challenge, "one")});
    CHECK(set == foreign);
  }
  WHEN("the same value is there in another spelling") {
    scene.apply({add(challenge, "hi")});
    CHECK(scene.kept.replacements == 0);
    scene.apply({remove(challenge, "hi"), remove(challenge, "somebody-elses")});
    CHECK(set == TxtSet{300s, {{"\"off\"", true}}});
  }
  WHEN("it is there, but not served") {
    scene.apply({remove(challenge, "off")});
    CHECK(set == foreign);
    scene.apply({add(challenge, "off")});
    CHECK(set.records.back() == TxtSet::Record{"\"off\"", false});
    CHECK(set.records.size() == 3);
  }
  WHEN("there was none") {
    scene.apply({add(other, "one"), add(other, "two")});
    CHECK(scene.kept.sets[other] == TxtSet{60s, {{"\"one\""}, {"\"two\""}}});
    scene.apply({remove(other, "one"), remove(other, "two")});
    CHECK(scene.kept.sets[other] == TxtSet{});
  }
}

SCENARIO("records of another type than TXT are merged as well, in their own form") {
  Scene scene(GENERATE(true, false));
  const dns::Name service("_25._tcp.mail.example.test");
  const auto change = [&](Action action, const std::string& value) {
    TxtChange tlsa{action, service, value, 300s};
    tlsa.type = dns::Type::tlsa;
    return tlsa;
  };
  scene.kept.sets[service] = TxtSet{120s, {{"2 1 1 AA"}, {"3 1 1 BBBB"}}};
  const auto& set = scene.kept.sets[service];
  scene.apply({change(Action::add, "3 1 1 bbbb")});
  CHECK(scene.kept.replacements == 0);
  scene.apply({change(Action::add, "3 1 1 cc"), change(Action::remove, "3 1 1 bbbb")});
  CHECK(set == TxtSet{120s, {{"2 1 1 AA"}, {"3 1 1 cc"}}});
  CHECK(scene.kept.types == std::set<dns::Type>{dns::Type::tlsa});
  THEN("one call may have both") {
    scene.apply({change(Action::remove, "3 1 1 cc"), add(challenge, "one")});
    CHECK(scene.kept.sets[challenge] == TxtSet{60s, {{"\"one\""}}});
    CHECK(set == TxtSet{120s, {{"2 1 1 AA"}}});
    CHECK(scene.kept.types == std::set<dns::Type>{dns::Type::tlsa, dns::Type::txt});
  }
}

SCENARIO("where the operator compares, only what others changed meanwhile is read and written again") {
  Scene scene(true);
  int times = 0;
  WHEN("they change one of the sets") {
    scene.kept.meanwhile = [&] {
      if (times++ == 0) scene.kept.sets[challenge] = {300s, {{"\"theirs\""}}};
    };
    scene.apply({add(challenge, "one"), add(other, "two")});
    CHECK(scene.kept.sets[challenge] == TxtSet{300s, {{"\"theirs\""}, {"\"one\""}}});
    CHECK(scene.kept.looks == std::vector<std::set<dns::Name>>{{challenge, other}, {challenge}});
  }
  WHEN("they never stop") {
    scene.kept.meanwhile = [&] { scene.kept.sets[challenge] = {300s, {{std::to_string(times++)}}}; };
    CHECK_THROWS_AS(scene.apply({add(challenge, "one"), add(other, "two")}), Retry);
    CHECK(times == 12);
  }
}

SCENARIO("where the operator does not compare, each write is looked at until it stands") {
  Scene scene(false);
  int times = 0;
  WHEN("nobody else writes") {
    scene.apply({add(challenge, "one")});
    CHECK(scene.kept.looks.size() == 2);
    scene.apply({remove(challenge, "one")});
    CHECK(scene.kept.looks.size() == 5);  // what was removed may come back later than what was added may go
  }
  WHEN("others undo it a few times") {
    scene.kept.afterwards = [&] {
      if (times++ < 3) scene.kept.sets[challenge] = {300s, {{"\"theirs\""}}};
    };
    const auto before = scene.clock.now();
    scene.apply({add(challenge, "one"), add(other, "two")});
    CHECK(scene.kept.sets[challenge] == TxtSet{300s, {{"\"theirs\""}, {"\"one\""}}});
    CHECK(times == 4);
    CHECK(scene.clock.now() - before >= 4 * 250ms);
  }
  WHEN("they never stop") {
    scene.kept.afterwards = [&] { scene.kept.sets[challenge] = {}; };
    CHECK_THROWS_AS(scene.apply({add(challenge, "one")}), Retry);
    CHECK(scene.kept.replacements == 20);
  }
}

SCENARIO("a name that the operator refuses does not keep the others back, and is not tried again") {
  Scene scene(GENERATE(true, false));
  scene.kept.refusals.emplace(challenge, Refused("test:refused", "too many"));
  std::string told;
  try {
    scene.apply({add(challenge, "one"), add(other, "two")});
  } catch (const SomeFailed& failed) {
    told = failed.cause();
    CHECK(failed.among({other}) == nullptr);
  }
  CHECK(told == "test:refused");
  CHECK(scene.kept.sets[other].records.size() == 1);
  CHECK(scene.kept.replacements == 1);
}

SCENARIO("an obstacle at one name does not keep the others back") {
  Scene scene(GENERATE(true, false));
  scene.kept.obstacles.emplace(challenge, Refused("test:obstacle", "a CNAME"));
  try {
    scene.apply({add(challenge, "one"), add(other, "two")});
    FAIL("a value cannot stand there");
  } catch (const SomeFailed& failed) {
    CHECK(failed.cause() == "test:obstacle");
    CHECK(failed.among({other}) == nullptr);
  }
  CHECK(scene.kept.sets[other].records.size() == 1);
  THEN("nothing is in the way of a removal") {
    scene.kept.sets[challenge] = {60s, {{"\"one\""}}};
    scene.apply({remove(challenge, "one")});
    CHECK(scene.kept.sets[challenge].records.empty());
  }
}
