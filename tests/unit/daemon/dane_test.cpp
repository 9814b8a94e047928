// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/dane.h"

#include "base/files.h"
#include "daemon/deploy/local_actions.h"
#include "daemon/issue/tlsa_records.h"
#include "daemon/keep/keeper.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/journey_scene.h"

namespace acmed::keep {
namespace {

using namespace std::chrono_literals;

const std::string service = "_25._tcp.www.example.test";
constexpr Duration record_ttl = 5min;

std::string record_in(const std::filesystem::path& generation) {
  const auto pem = files::read(generation / "privkey.pem");
  return issue::tlsa_of(crypto::PrivateKey::from_pem(Secret(pem.value())));
}

/// A certificate with a TLSA record, kept by a daemon that may be started anew.
struct Scene : test::JourneyScene, issue::Observer {
  issue::JourneyContext observed{
      loop, store, directory.publisher, discovery, zones, config::Routes({{"example.test", "shown"}}), *this};
  renew::Ledger ledger{store, clock};
  deploy::LocalActions actions{directory.folder.deployments()};
  deploy::DeploymentCoordinator deployments{loop, actions};
  std::vector<config::Target> targets;
  config::Dane dane{{service}, record_ttl};
  std::unique_ptr<Keeper> keeper;
  int certificates = 0;               ///< issued
  bool were_announced = true;         ///< the keys of all of them, when they went into service
  std::set<std::string> at_issuance;  ///< the records then

  Scene() { start(); }

  void issued(const std::string&, const std::string&, const store::Issued& made) override {
    ++certificates;
    at_issuance = records();
    were_announced =
        were_announced && at_issuance.contains(record_in(directory.generation_path("web", made.generation)));
  }

  void start() {
    authority = std::make_unique<issue::AcmeAuthority>(loop, store, settings);
    auto wanted = request;
    wanted.authority = authority.get();
    keeper = std::make_unique<Keeper>(observed, ledger, deployments, Wanted{std::move(wanted), {}, targets, {}, dane});
  }
  Time attempt(bool asked = false) { return acmed::run(loop, keeper->attempt(asked)); }
  /// What is told of a renewal that was asked for; empty when it was made.
  std::string renew() {
    Wish wish;
    wish.asked = wish.renew = true;
    acmed::run(loop, keeper->attempt(wish));
    const auto failures = keeper->take_failures();
    return failures.empty() ? "" : failures.front().sentence;
  }

  std::set<std::string> records() const {
    std::set<std::string> texts;
    for (const auto& [name, value] : provider->values) {
      if (name == dns::Name(service)) texts.insert(value);
    }
    return texts;
  }
  std::string record_of(unsigned generation) const { return record_in(directory.generation_path("web", generation)); }
  std::string next_record() { return state().dane->next_key->tlsa; }
  unsigned live() { return directory.live(loop, "web").value_or(0); }
};

}  // namespace

SCENARIO("the first certificate's key is in the DNS before it is ordered, and the next one's afterwards") {
  Scene scene;
  const auto next = scene.attempt();
  CHECK(scene.live() == 1);
  CHECK(scene.were_announced);
  CHECK(scene.records() == std::set<std::string>{scene.record_of(1), scene.next_record()});
  CHECK(scene.record_of(1) != scene.next_record());
  CHECK(next > scene.clock.now() + 24h);
  CHECK(scene.keeper->troubles().empty());
  THEN("a new start changes nothing") {
    const auto calls = scene.provider->calls;
    const auto key = scene.next_record();
    scene.start();
    scene.attempt(true);
    CHECK(scene.next_record() == key);
    CHECK(scene.provider->calls == calls);
  }
}

SCENARIO("a renewal waits until every resolver knows the new key, and the former one's record outlives its use") {
  Scene scene;
  scene.attempt();
  const auto former = scene.record_of(1);
  const auto coming = scene.next_record();
  const auto told = scene.renew();
  CHECK_THAT(told, Catch::Contains("by then no resolver knows the DNS without the TLSA records of the next key"));
  CHECK(scene.live() == 1);
  scene.clock.advance(record_ttl + 1s);
  CHECK(scene.renew() == "");
  REQUIRE(scene.live() == 2);
  CHECK(scene.certificates == 2);
  CHECK(scene.were_announced);
  CHECK(scene.at_issuance == std::set<std::string>{former, coming});
  CHECK(scene.record_of(2) == coming);
  CHECK(scene.records() == std::set<std::string>{former, coming, scene.next_record()});
  THEN("it is removed when its TTL has passed, and no other") {
    const auto next = scene.keeper->next(false);
    CHECK(next <= scene.clock.now() + record_ttl);
    CHECK(next > scene.clock.now() + record_ttl - 10s);
    scene.clock.advance(record_ttl + 1s);
    scene.attempt();
    CHECK(scene.records() == std::set<std::string>{coming, scene.next_record()});
    CHECK(scene.keeper->next(false) > scene.clock.now() + 24h);
  }
  THEN("that is not forgotten over a new start") {
    scene.start();
    scene.attempt();
    CHECK(scene.records().contains(former));
    scene.clock.advance(record_ttl + 1s);
    scene.attempt();
    CHECK_FALSE(scene.records().contains(former));
  }
}

SCENARIO("records of others stay, and their TTL is waited for") {
  Scene scene;
  const std::string foreign = "2 1 1 00ff";
  scene.provider->values.emplace(dns::Name(service), foreign);
  scene.tlsa_ttl = 600;
  const auto next = scene.attempt();
  CHECK(scene.certificates == 0);
  CHECK(next > scene.clock.now() + 9min);
  CHECK(next <= scene.clock.now() + 10min);
  scene.clock.advance(10min);
  scene.attempt();
  CHECK(scene.live() == 1);
  CHECK(scene.records() == std::set<std::string>{foreign, scene.record_of(1), scene.next_record()});
}

SCENARIO("while a target has the former key, its record stays") {
  Scene scene;
  config::Target target;
  target.name = "mail";
  target.directory = scene.folder.path() / "mail";
  std::filesystem::create_directory(*target.directory);
  target.files = {{config::FileKind::combined, "mail.pem"}};
  target.post_hook = {"/bin/sh", "-c", "test ! -e " + (scene.folder.path() / "broken").string()};
  scene.targets = {target};
  scene.start();
  scene.attempt();
  const auto former = scene.record_of(1);
  scene.clock.advance(record_ttl + 1s);
  files::write_durably(scene.folder.path() / "broken", "", 0600);
  CHECK_THAT(scene.renew(), Catch::Contains("mail"));
  REQUIRE(scene.live() == 2);
  for (int i = 0; i < 4; ++i) {
    scene.clock.advance(record_ttl + 1s);
    scene.attempt();
    CHECK(scene.records().contains(former));
  }
  std::filesystem::remove(scene.folder.path() / "broken");
  scene.attempt(true);
  CHECK(scene.records().contains(former));
  scene.clock.advance(record_ttl + 1s);
  scene.attempt();
  CHECK(scene.records() == std::set<std::string>{scene.record_of(2), scene.next_record()});
}

SCENARIO("where the records cannot be written nothing is ordered, and people are told why") {
  Scene scene;
  scene.provider->refuses = true;
  scene.attempt();
  CHECK(scene.certificates == 0);
  const auto troubles = scene.keeper->troubles();
  REQUIRE_FALSE(troubles.empty());
  for (const auto& trouble : troubles) CHECK_THAT(trouble, Catch::Contains("not for this token"));
  CHECK(scene.state().dane_trouble);
  WHEN("they can be written again") {
    scene.provider->refuses = false;
    scene.clock.advance(24h * 2);
    scene.attempt();
    CHECK(scene.live() == 1);
    CHECK(scene.were_announced);
    CHECK(scene.keeper->troubles().empty());
  }
}

SCENARIO("a record that somebody else removes is put there again") {
  Scene scene;
  scene.attempt();
  const auto all = scene.records();
  const auto calls = scene.provider->calls;
  const auto remove_one = [&scene] {
    std::erase_if(scene.provider->values, [&](const auto& each) { return each.second == scene.record_of(1); });
  };
  scene.clock.advance(scene.keeper->next(false) - scene.clock.now());
  scene.attempt();
  CHECK(scene.provider->calls == calls);
  CHECK(scene.keeper->view().next->what == "renew");
  WHEN("nobody asks for anything") {
    remove_one();
    CHECK(scene.keeper->next(false) > scene.clock.now() + 24h);
    scene.clock.advance(25h + 1min);
    scene.attempt();
    CHECK(scene.records() == all);
  }
  WHEN("a person asks") {
    remove_one();
    scene.clock.advance(2min);
    scene.attempt(true);
    CHECK(scene.records() == all);
  }
  WHEN("the daemon is started anew") {
    remove_one();
    scene.start();
    scene.attempt();
    CHECK(scene.records() == all);
  }
  WHEN("a process that does what is due and ends is started") {
    remove_one();
    scene.observed.began = scene.clock.now();
    scene.observed.ends_when_done = true;
    scene.start();
    acmed::run(scene.loop, scene.keeper->prepare());
    CHECK(scene.keeper->next(true) <= scene.clock.now());
    scene.attempt(true);
    CHECK(scene.records() == all);
  }
  WHEN("the name server says nothing of use") {
    scene.name_server.handle([](std::string_view query, dns::Transport) {
      return dns::fake::reply_to(query, {.rcode = dns::Rcode::servfail});
    });
    remove_one();
    scene.clock.advance(25h + 1min);
    scene.attempt();
    CHECK(scene.provider->calls == calls);
    CHECK(scene.keeper->troubles().empty());
  }
}

SCENARIO("who wants no TLSA records any more has none left") {
  Scene scene;
  scene.attempt();
  scene.dane.names.clear();
  scene.start();
  scene.attempt();
  CHECK(scene.records().empty());
  CHECK_FALSE(scene.state().dane);
  CHECK(scene.live() == 1);
}

SCENARIO("another type of key is announced like any other") {
  Scene scene;
  scene.attempt();
  const auto former = scene.record_of(1);
  scene.clock.advance(24h);
  scene.request.key_type = crypto::KeyType::ecdsa_p384;
  scene.start();
  const auto next = scene.attempt();
  CHECK(scene.live() == 1);
  CHECK(next <= scene.clock.now() + record_ttl);
  scene.clock.advance(record_ttl + 1s);
  scene.attempt();
  REQUIRE(scene.live() == 2);
  CHECK(scene.were_announced);
  CHECK(scene.records().contains(former));
}

}  // namespace acmed::keep
