// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/publication.h"

#include "base/log.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/providers/log_capture.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::issue {
namespace {

using namespace std::chrono_literals;
using providers::Action;
using providers::TxtChange;
using providers::Zone;

const dns::Name challenge("_acme-challenge.a.test");

/// A provider whose values another writer undoes.
class ContendedProvider final : public providers::Provider {
 public:
  Task<std::optional<Zone>> zone_of(dns::Name) override { co_return std::nullopt; }
  Task<> apply(Zone, std::vector<TxtChange> changes) override {
    ++calls;
    for (const auto& change : changes) {
      if (change.action == Action::add && undone-- <= 0) values.insert(change.value);
      if (change.action == Action::remove) values.erase(change.value);
    }
    if (calls == fails_at) throw Retry("http:503", "not now");
    co_return;
  }
  std::optional<Duration> assertion_pace() const override { return pace; }
  Task<> await_published(Zone) override { co_await sleep_for(publishing); }

  std::optional<Duration> pace = 2s;
  Duration publishing{};  ///< until it says itself that it has published
  int undone = 0;         ///< so many additions more are undone at once
  int calls = 0;
  int fails_at = 0;  ///< the number of the call that fails
  std::set<std::string> values;
};

struct World {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Time start = clock.now();
  Time shown_from = start;  ///< the server shows nothing before
  Loop loop{clock};
  TemporaryFolder folder;
  store::StateDirectory state{folder.path()};
  dns::fake::NameServer server{loop, "127.0.1.1"};
  dns::Discovery discovery{loop, {}};
  ContendedProvider* provider = nullptr;
  ZoneCoordinator zones{loop, providers()};
  JourneyContext context{loop, state.store, state.publisher, discovery, zones, {}};
  Publication publication{context, "cert", {}, {{{"p", {dns::Name("a.test"), ""}, challenge, "v"}, location()}}};

  World() {
    server.handle([this](std::string_view request, dns::Transport) {
      dns::fake::Answer answer;
      if (clock.now() < shown_from) return dns::fake::reply_to(request, answer);
      for (const auto& value : provider->values) answer.answer.push_back(dns::fake::txt(challenge.text(), value));
      return dns::fake::reply_to(request, answer);
    });
  }
  Providers providers() {
    Providers all;
    auto contended = std::make_unique<ContendedProvider>();
    provider = contended.get();
    all.emplace("p", std::move(contended));
    all.emplace("q", std::make_unique<ContendedProvider>());
    return all;
  }
  dns::Location location() const {
    return {challenge, dns::Name("a.test"), {{dns::Name("ns.a.test"), server.endpoint()}}, {}};
  }
  void publish() { run(loop, publication.publish(zones.announce({}))); }
};

SCENARIO("what another writer undoes is put back until every server shows it") {
  World world;
  WHEN("it is undone once") {
    world.provider->undone = 1;
    world.publish();
    CHECK(world.provider->calls == 2);
    CHECK(world.clock.now() - world.start >= 2s);
    CHECK(world.clock.now() - world.start < 3s);
  }
  WHEN("the provider has trouble meanwhile") {
    world.provider->undone = 2;
    world.provider->fails_at = 2;
    world.publish();
    CHECK(world.provider->values == std::set<std::string>{"v"});
    CHECK(world.provider->calls == 3);
  }
  WHEN("nobody undoes it") {
    world.publish();
    CHECK(world.provider->calls == 1);
    CHECK(world.clock.now() - world.start < 1s);
  }
}

SCENARIO("right before the CA is told, what was undone since is put back and looked at again") {
  World world;
  world.publish();
  world.provider->values.clear();
  run(world.loop, world.publication.confirm());
  CHECK(world.provider->values == std::set<std::string>{"v"});
  CHECK(world.provider->calls == 2);
  WHEN("it cannot be put back") {
    world.provider->fails_at = 3;
    CHECK_THROWS_AS(run(world.loop, world.publication.confirm()), Retry);
  }
}

SCENARIO("where nobody can undo what was accepted, it is asked for once") {
  World world;
  world.provider->pace.reset();
  world.publish();
  run(world.loop, world.publication.confirm());
  CHECK(world.provider->calls == 1);
  run(world.loop, world.publication.withdraw());
  CHECK(world.provider->calls == 2);
  CHECK(world.provider->values.empty());
}

SCENARIO("the DNS itself is waited for, whatever the provider says of what it accepted") {
  World world;
  world.shown_from = world.start + 90s;
  WHEN("nobody can undo it") {
    world.provider->pace.reset();
  }
  WHEN("others may undo it") {
    world.provider->pace = 30s;
  }
  world.publish();
  CHECK(world.clock.now() >= world.shown_from);
  CHECK(world.clock.now() < world.shown_from + 15s);
}

SCENARIO("a wait that lasts is told, with every server that keeps it waiting") {
  World world;
  world.shown_from = world.start + 50s;
  std::string said;
  log::set_level(log::Level::info);
  {
    const test::LogCapture capture;
    world.publish();
    said = capture.text();
  }
  for (const std::string after : {"10 s", "20 s", "40 s"}) {
    CHECK_THAT(said, Catch::Contains("cert: after " + after + " the DNS does not show every value yet: ns.a.test (" +
                                     world.server.endpoint().text() + ") "));
  }
  CHECK(std::ranges::count(said, '\n') == 3);
}

SCENARIO("a short wait is not worth a word") {
  World world;
  world.shown_from = world.start + 8s;
  log::set_level(log::Level::info);
  const test::LogCapture capture;
  world.publish();
  CHECK(capture.text().empty());
}

SCENARIO("observers hear of the servers of all providers at once") {
  World world;
  dns::fake::NameServer other(world.loop, "127.0.1.2");
  other.handle([&](std::string_view request, dns::Transport) {
    dns::fake::Answer answer;
    answer.answer.push_back(dns::fake::txt("_acme-challenge.b.test", "w"));
    return dns::fake::reply_to(request, answer);
  });
  struct Listener final : Observer {
    void looked(const std::string&, const std::vector<dns::ServerReport>& servers) override {
      most = std::max(most, servers.size());
    }
    std::size_t most = 0;
  } listener;
  JourneyContext context{world.loop, world.state.store, world.state.publisher, world.discovery, world.zones,
                         {},         listener};
  const dns::Name name("_acme-challenge.b.test");
  const dns::Location place{name, dns::Name("b.test"), {{dns::Name("ns.b.test"), other.endpoint()}}, {}};
  Publication publication(context, "cert", {},
                          {{{"p", {dns::Name("a.test"), ""}, challenge, "v"}, world.location()},
                           {{"q", {dns::Name("b.test"), ""}, name, "w"}, place}});
  run(world.loop, publication.publish(world.zones.announce({})));
  CHECK(listener.most == 2);
}

SCENARIO("a provider that tells when it has published is waited for before the DNS is asked") {
  World world;
  world.provider->pace.reset();
  world.provider->publishing = 40s;
  world.publish();
  CHECK(world.clock.now() == world.start + 40s);
  CHECK(world.server.asked_in_all() == 5);
}

SCENARIO("what is put back right before the CA is told is waited for, too") {
  World world;
  world.publish();
  world.provider->values.clear();
  world.shown_from = world.clock.now() + 10s;
  run(world.loop, world.publication.confirm());
  CHECK(world.clock.now() >= world.shown_from);
}

SCENARIO("what a name server shows no longer, while another one lags, is added again") {
  World world;
  world.provider->pace.reset();
  const auto show = [&world](std::string_view request) {
    dns::fake::Answer answer;
    for (const auto& value : world.provider->values) answer.answer.push_back(dns::fake::txt(challenge.text(), value));
    return dns::fake::reply_to(request, answer);
  };
  bool wiped = false;
  world.server.handle([&](std::string_view request, dns::Transport) {
    if (world.clock.now() >= world.start + 5s && !std::exchange(wiped, true)) world.provider->values.clear();
    return show(request);
  });
  dns::fake::NameServer late(world.loop, "127.0.1.2");
  late.handle([&](std::string_view request, dns::Transport) {
    return world.clock.now() < world.start + 20s ? dns::fake::reply_to(request, {}) : show(request);
  });
  auto location = world.location();
  location.servers.push_back({dns::Name("ns2.a.test"), late.endpoint()});
  Publication publication{world.context, "cert", {}, {{{"p", {dns::Name("a.test"), ""}, challenge, "v"}, location}}};
  run(world.loop, publication.publish(world.zones.announce({})));
  CHECK(wiped);
  CHECK(world.provider->calls == 2);
  CHECK(world.provider->values == std::set<std::string>{"v"});
  CHECK(world.clock.now() < world.start + 25s);
}

}  // namespace
}  // namespace acmed::issue
