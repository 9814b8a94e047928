// SPDX-License-Identifier: Apache-2.0
#include "dns/propagation.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <list>

#include "base/runtime/scope.h"
#include "tests/unit/catch.h"
#include "tests/unit/dns/fake_name_server.h"
#include "tests/unit/dns/fake_network.h"

using namespace acmed;
using namespace acmed::dns;
using fake::NameServer;
using namespace std::chrono_literals;

namespace {

constexpr const char* challenge = "_acme-challenge.example.test";

/// Two servers of example.test, and a wait for two values.
struct Scene {
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
  Time start = clock.now();
  Loop loop{clock};
  NameServer ns1{loop, "127.0.1.1"};
  NameServer ns2{loop, "127.0.1.2"};
  std::vector<ServerReport> last_report;
  int reports = 0;
  int losses = 0;
  Time lost_at{};

  static fake::Answer with(const std::vector<std::string>& values) {
    fake::Answer answer;
    for (const auto& value : values) answer.answer.push_back(fake::txt(challenge, value));
    return answer;
  }

  fake::Network network;
  std::vector<Server> further;

  std::vector<Expected> expected() const {
    Location location{Name(challenge), Name("example.test"), {}, {}};
    location.servers = {{Name("ns1.example.test"), ns1.endpoint()}, {Name("ns2.example.test"), ns2.endpoint()}};
    location.servers.insert(location.servers.end(), further.begin(), further.end());
    return {{location, {"one"}}, {location, {"two"}}};
  }

  /// The failure; empty when all went well.
  std::string wait(PropagationPolicy policy) {
    const auto report = [this](const std::vector<ServerReport>& latest) {
      last_report = latest;
      ++reports;
    };
    try {
      run(loop, await_propagation(expected(), std::move(policy), report, [this] {
            ++losses;
            lost_at = clock.now();
          }));
      return {};
    } catch (const Retry& error) {
      return error.cause() + " " + error.what();
    }
  }

  /// Lets `server` answer `before` for that long, then `after`.
  void change(NameServer& server, fake::Answer before, Duration delay, fake::Answer after) {
    server.handle([this, before, delay, after](std::string_view request, NameServer::Transport) {
      return fake::reply_to(request, clock.now() < start + delay ? before : after);
    });
  }
};

const fake::Answer nothing{.rcode = Rcode::nxdomain, .authority = {fake::soa("example.test")}};

}  // namespace

SCENARIO("the wait ends when every server shows every value") {
  Scene scene;
  scene.ns1.say(challenge, Type::txt, Scene::with({"two", "foreign", "one"}));

  WHEN("all do at once") {
    scene.ns2.say(challenge, Type::txt, Scene::with({"one", "two"}));
    CHECK(scene.wait({}).empty());
    THEN("each is asked once for all values and four times more at the end, and no time passes") {
      CHECK(scene.ns1.asked_in_all() == 5);
      CHECK(scene.ns2.asked_in_all() == 5);
      CHECK(scene.clock.now() == scene.start);
      CHECK(scene.reports == 2);
    }
  }
  WHEN("one lags by a minute") {
    scene.change(scene.ns2, nothing, 1min, Scene::with({"one", "two"}));
    CHECK(scene.wait({}).empty());
    THEN("the wait ends within a twentieth of it, and the ready one was rarely asked again") {
      CHECK(scene.clock.now() >= scene.start + 1min);
      CHECK(scene.clock.now() <= scene.start + 1min + 3100ms);
      CHECK(scene.ns1.asked_in_all() > 5);
      CHECK(scene.ns1.asked_in_all() < 20);
      CHECK(scene.ns2.asked_in_all() < 140);
      CHECK(scene.losses == 0);
      CHECK(scene.reports == 3);
    }
  }
  WHEN("one of five lags") {
    std::list<NameServer> others;
    for (const std::string number : {"3", "4", "5"}) {
      auto& server = others.emplace_back(scene.loop, "127.0.1." + number);
      server.say(challenge, Type::txt, Scene::with({"one", "two"}));
      scene.further.push_back({Name("ns" + number + ".example.test"), server.endpoint()});
    }
    scene.change(scene.ns2, nothing, 1min, Scene::with({"one", "two"}));
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() >= scene.start + 1min);
  }
  WHEN("the operator wants it to settle") {
    scene.ns2.say(challenge, Type::txt, Scene::with({"one", "two"}));
    PropagationPolicy policy;
    policy.settle = 5s;
    CHECK(scene.wait(policy).empty());
    CHECK(scene.clock.now() == scene.start + 5s);
  }
}

SCENARIO("at the time-out each laggard is named with what it last said") {
  Scene scene;
  PropagationPolicy policy;
  policy.timeout = 2min;
  scene.ns1.say(challenge, Type::txt, Scene::with({"one", "two"}));

  WHEN("it has some of the values") {
    scene.ns2.say(challenge, Type::txt, Scene::with({"two"}));
    const auto failure = scene.wait(policy);
    CHECK_THAT(failure, Catch::StartsWith("dns:propagation after 2 min"));
    CHECK_THAT(failure, Catch::Contains("ns2.example.test (" + scene.ns2.endpoint().text() +
                                        ") had 1 of 2 values of _acme-challenge.example.test"));
    CHECK_THAT(failure, !Catch::Contains("ns1"));
    CHECK(scene.clock.now() == scene.start + 2min);
    THEN("it was asked ever more rarely, and at least every 15 s") {
      CHECK(scene.ns2.asked_in_all() < 150);
      CHECK(scene.ns2.asked_in_all() > 50);
    }
  }
  WHEN("it refuses") {
    const auto failure = scene.wait(policy);
    CHECK_THAT(failure, Catch::Contains("said for _acme-challenge.example.test: REFUSED"));
  }
  WHEN("it answers without authority") {
    auto answer = Scene::with({"one", "two"});
    answer.authoritative = false;
    scene.ns2.say(challenge, Type::txt, answer);
    CHECK_THAT(scene.wait(policy), Catch::Contains("not authoritative"));
  }
  WHEN("it has them at another name") {
    fake::Answer answer;
    for (const auto* text : {"one", "two"}) answer.answer.push_back(fake::txt("_acme-challenge.other.test", text));
    scene.ns2.say(challenge, Type::txt, answer);
    CHECK_THAT(scene.wait(policy), Catch::Contains("had 0 of 2 values"));
  }
  WHEN("it keeps silent") {
    scene.ns2.handle([](std::string_view, NameServer::Transport) { return std::nullopt; });
    CHECK_THAT(scene.wait(policy), Catch::Contains("no answer"));
  }
}

SCENARIO("the operator may ask for less") {
  Scene scene;
  NameServer ns3(scene.loop, "127.0.1.3");
  scene.ns1.say(challenge, Type::txt, Scene::with({"one", "two"}));
  scene.ns2.say(challenge, Type::txt, nothing);
  PropagationPolicy policy;

  for (const auto* excluded : {"127.0.1.2", "127.0.1.2/31", "ns2.example.test"}) {
    WHEN("a server is excluded: " + std::string(excluded)) {
      policy.exclude = {Exclusion::parse(excluded).value()};
      CHECK(scene.wait(policy).empty());
      CHECK(scene.ns2.asked_in_all() == 0);
    }
  }
  WHEN("more than half are enough") {
    policy.require = Require::quorum;
    policy.extra = {ns3.endpoint()};
    scene.change(ns3, nothing, 10s, Scene::with({"one", "two"}));
    CHECK(scene.wait(policy).empty());
    CHECK(scene.clock.now() >= scene.start + 10s);
    CHECK(scene.clock.now() < scene.start + 11s);
  }
  WHEN("nothing is to be checked") {
    policy.require = Require::none;
    policy.settle = 3s;
    CHECK(scene.wait(policy).empty());
    CHECK(scene.ns1.asked_in_all() == 0);
    CHECK(scene.clock.now() == scene.start + 3s);
  }
  WHEN("nobody is left to be asked") {
    policy.exclude = {Exclusion(scene.ns1.endpoint()), Exclusion(scene.ns2.endpoint())};
    CHECK_THAT(scene.wait(policy), Catch::StartsWith("dns:no-route"));
  }
}

SCENARIO("the wait can be called off") {
  Scene scene;
  scene.ns1.say(challenge, Type::txt, nothing);
  scene.ns2.say(challenge, Type::txt, nothing);
  for (const auto require : {Require::all, Require::quorum}) {
    PropagationPolicy policy;
    policy.require = require;
    const bool ended = run(scene.loop, within(30s, await_propagation(scene.expected(), policy, {})));
    CHECK_FALSE(ended);
  }
}

SCENARIO("a server that cannot be reached from here may be another's business") {
  Scene scene;
  const auto all = Scene::with({"one", "two"});
  scene.ns1.say(challenge, Type::txt, all);
  scene.ns2.say(challenge, Type::txt, all);
  const auto is_ns2 = [&](const sockaddr* address) {
    sockaddr_storage ns2{};
    const auto size = scene.ns2.endpoint().to_sockaddr(ns2);
    return std::memcmp(address, &ns2, size) == 0;
  };

  WHEN("there is no route to any server of its family") {
    scene.further = {{Name("ns3.example.test"), Endpoint::parse("2001:db8::1").value()},
                     {Name("ns4.example.test"), Endpoint::parse("2001:db8::2").value()}};
    // Routes, firewalls, tunnels; ENOKEY and EDESTADDRREQ are WireGuard's.
    for (const int error : {ENETUNREACH, EADDRNOTAVAIL, EHOSTUNREACH, EACCES, EPERM, EHOSTDOWN, ENETDOWN, EINVAL,
                            EAFNOSUPPORT, ENODEV, ENONET, ENOKEY, EDESTADDRREQ}) {
      INFO(std::strerror(error));
      scene.network.on_connect(
          [error](const sockaddr* address, int) { return address->sa_family == AF_INET6 ? error : 0; });
      CHECK(scene.wait({}).empty());
      CHECK(scene.clock.now() == scene.start);
    }
    CHECK(std::ranges::count_if(scene.last_report, &ServerReport::passed_over) == 2);
  }
  WHEN("a firewall drops what is sent to its family") {
    scene.further = {{Name("ns3.example.test"), Endpoint::parse("::1", fake::port()).value()}};
    scene.network.on_send(fake::datagrams_to(AF_INET6, EPERM));
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() == scene.start);
  }
  WHEN("a firewall drops datagrams alone") {
    scene.network.on_send(fake::datagrams_to(AF_INET, EPERM));
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() - scene.start < 1s);
  }
  WHEN("there is a route to another server of its family") {
    scene.network.on_connect([&](const sockaddr* address, int) { return is_ns2(address) ? ENETUNREACH : 0; });
    PropagationPolicy policy;
    policy.timeout = 2min;
    CHECK_THAT(scene.wait(policy), Catch::Contains("ns2.example.test") && Catch::Contains("no route"));
  }
  WHEN("the route is lost for a while") {
    scene.change(scene.ns2, nothing, 1min, all);
    scene.network.on_connect([&](const sockaddr* address, int) {
      return is_ns2(address) && scene.clock.now() < scene.start + 10s ? ENETUNREACH : 0;
    });
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() >= scene.start + 1min);
  }
  WHEN("there is no route at all for a while") {
    scene.network.on_connect(
        [&](const sockaddr*, int) { return scene.clock.now() < scene.start + 10s ? ENETUNREACH : 0; });
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() >= scene.start + 10s);
    CHECK(scene.clock.now() < scene.start + 12s);
  }
  WHEN("there never is one") {
    scene.network.on_connect(fake::everywhere(ENETUNREACH));
    CHECK_THAT(scene.wait({}), Catch::Contains("ns1.example.test") && Catch::Contains("no route"));
  }
}

SCENARIO("sockets that are lacking are waited for") {
  Scene scene;
  scene.ns1.say(challenge, Type::txt, Scene::with({"one", "two"}));
  scene.ns2.say(challenge, Type::txt, Scene::with({"one", "two"}));
  scene.network.on_connect([&](const sockaddr*, int) { return scene.clock.now() < scene.start + 10s ? ENOBUFS : 0; });
  CHECK(scene.wait({}).empty());
  CHECK(scene.clock.now() < scene.start + 12s);
}

SCENARIO("a server whose addresses cannot be looked up is never ready") {
  Scene scene;
  scene.further = {{Name("ns3.example.test"), Endpoint()}, {Name("ns2.example.test"), Endpoint()}};
  scene.ns1.say(challenge, Type::txt, Scene::with({"one", "two"}));
  scene.change(scene.ns2, nothing, 10s, Scene::with({"one", "two"}));
  PropagationPolicy policy;

  WHEN("all are to be ready, it ends when the others are") {
    CHECK_THAT(scene.wait(policy), Catch::StartsWith("dns:propagation after 10") &&
                                       Catch::Contains("ns3.example.test: its addresses cannot be looked up") &&
                                       !Catch::Contains("ns1"));
    CHECK(scene.clock.now() < scene.start + 11s);
  }
  WHEN("more than half are enough") {
    policy.require = Require::quorum;
    scene.further.pop_back();
    CHECK(scene.wait(policy).empty());
  }
  WHEN("the known address of the same server is excluded") {
    policy.exclude = {Exclusion(scene.ns2.endpoint())};
    CHECK_THAT(scene.wait(policy), Catch::Contains("ns3.example.test") && !Catch::Contains("ns2.example.test"));
  }
}

SCENARIO("there may be more than one machine at an address") {
  Scene scene;
  const auto all = Scene::with({"one", "two"});
  scene.ns1.say(challenge, Type::txt, all);
  int questions = 0;
  WHEN("questions are spread over two in turn, of which one lags") {
    scene.ns2.handle([&](std::string_view request, NameServer::Transport) {
      const bool lags = ++questions % 2 == 0 && scene.clock.now() < scene.start + 2s;
      return fake::reply_to(request, lags ? nothing : all);
    });
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() >= scene.start + 2s);
    CHECK(scene.clock.now() - scene.start < 3s);
    CHECK(scene.losses == 0);
  }
  WHEN("one of four lags, and has been met") {
    scene.ns2.handle([&](std::string_view request, NameServer::Transport) {
      const bool lags = questions++ % 4 == 0 && scene.clock.now() < scene.start + 2s;
      return fake::reply_to(request, lags ? nothing : all);
    });
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() >= scene.start + 2s);
  }
  WHEN("a limit keeps it from answering so often") {
    scene.ns2.handle([&](std::string_view request, NameServer::Transport) -> std::optional<std::string> {
      if (++questions > 1) return std::nullopt;
      return fake::reply_to(request, all);
    });
    CHECK(scene.wait({}).empty());
    CHECK(scene.clock.now() <= scene.start + 500ms);
  }
}

SCENARIO("of those who wait for one change one looks for all whether every machine has it") {
  Scene scene;
  constexpr int waiting = 10;
  const auto name_of = [](int number) { return fmt::format("_acme-challenge.h{}.example.test", number); };
  const auto shown = [](std::string_view request) {
    fake::Answer answer;
    answer.answer.push_back(fake::txt(parse_message(request).question->name.text(), "one"));
    return fake::reply_to(request, answer);
  };
  const auto wait_for_all = [&](const std::shared_ptr<LastLooks>& change) {
    std::vector<Task<>> waits;
    for (int number = 0; number < waiting; ++number) {
      auto location = scene.expected().front().location;
      location.effective = Name(name_of(number));
      waits.push_back(await_propagation({{location, {"one"}, change}}, {}, {}));
    }
    run(scene.loop, when_all(std::move(waits)));
  };
  const auto answer = [&](std::string_view request, NameServer::Transport) { return std::optional(shown(request)); };
  scene.ns1.handle(answer);

  WHEN("all is shown at once") {
    scene.ns2.handle(answer);
    wait_for_all(std::make_shared<LastLooks>());
    CHECK(scene.ns1.asked_in_all() == waiting + 4);
    CHECK(scene.ns2.asked_in_all() == waiting + 4);
  }
  WHEN("they are of different changes") {
    scene.ns2.handle(answer);
    wait_for_all(nullptr);
    CHECK(scene.ns1.asked_in_all() == 5 * waiting);
  }
  WHEN("one of two machines lags, which only the last looks meet") {
    int questions = 0;
    scene.ns2.handle([&](std::string_view request, NameServer::Transport) -> std::optional<std::string> {
      const bool lags = ++questions > waiting && questions % 2 == 0 && scene.clock.now() < scene.start + 2s;
      return lags ? fake::reply_to(request, nothing) : shown(request);
    });
    wait_for_all(std::make_shared<LastLooks>());
    CHECK(scene.clock.now() >= scene.start + 2s);
    CHECK(scene.clock.now() - scene.start < 3s);
  }
}

SCENARIO("a server that was ready is looked at again while others lag") {
  Scene scene;
  const auto all = Scene::with({"one", "two"});
  WHEN("it loses the values") {
    scene.ns1.handle([&](std::string_view request, NameServer::Transport) {
      const auto passed = scene.clock.now() - scene.start;
      return fake::reply_to(request, passed > 3s && passed < 70s ? nothing : all);
    });
    scene.change(scene.ns2, nothing, 1min, all);
    CHECK(scene.wait({}).empty());
    THEN("that is told, once, and it is waited for again") {
      CHECK(scene.losses == 1);
      CHECK(scene.lost_at < scene.start + 6s);
      CHECK(scene.clock.now() >= scene.start + 70s);
      CHECK(scene.clock.now() < scene.start + 80s);
    }
  }
  WHEN("it loses the values right before the last one has them") {
    scene.ns1.handle([&](std::string_view request, NameServer::Transport) {
      const auto passed = scene.clock.now() - scene.start;
      return fake::reply_to(request, passed > 59900ms && passed < 70s ? nothing : all);
    });
    scene.change(scene.ns2, nothing, 1min, all);
    CHECK(scene.wait({}).empty());
    CHECK(scene.losses == 1);
    CHECK(scene.clock.now() >= scene.start + 70s);
  }
  WHEN("it keeps silent from then on") {
    scene.ns1.handle([&](std::string_view request, NameServer::Transport) -> std::optional<std::string> {
      if (scene.clock.now() > scene.start + 3s) return std::nullopt;
      return fake::reply_to(request, all);
    });
    scene.change(scene.ns2, nothing, 10s, all);
    CHECK(scene.wait({}).empty());
    CHECK(scene.losses == 0);
    CHECK(scene.clock.now() < scene.start + 13s);
  }
}

SCENARIO("the sentence tells what stands at a server, and nothing twice") {
  Scene scene;
  scene.ns1.say(challenge, Type::txt, Scene::with({"one", "two"}));
  PropagationPolicy policy;
  policy.timeout = 10s;
  WHEN("there are values of others") {
    scene.ns2.say(challenge, Type::txt, Scene::with({"a", "b\nc", "d", "e"}));
    CHECK_THAT(scene.wait(policy), Catch::Contains("had 0 of 2 values of _acme-challenge.example.test, beside \"a\", "
                                                   "\"b c\" and 2 more"));
    CHECK(scene.last_report.back().beside == "\"a\", \"b c\" and 2 more");
  }
  WHEN("an answer is cut short, and TCP is closed") {
    scene.ns2.handle([](std::string_view request, NameServer::Transport transport) -> std::optional<std::string> {
      if (transport == NameServer::Transport::tcp) return std::nullopt;
      auto some = Scene::with({"one"});
      some.truncated = true;
      return fake::reply_to(request, some);
    });
    CHECK_THAT(scene.wait(policy), Catch::Contains("an answer cut short by UDP, no answer by TCP"));
  }
  WHEN("an answer is cut short after the values, and TCP is closed") {
    scene.ns2.handle([](std::string_view request, NameServer::Transport transport) -> std::optional<std::string> {
      if (transport == NameServer::Transport::tcp) return std::nullopt;
      auto some = Scene::with({"one", "two"});
      some.truncated = true;
      return fake::reply_to(request, some);
    });
    CHECK(scene.wait(policy).empty());
  }
  WHEN("a server says the same of several names") {
    auto expected = scene.expected();
    auto other = expected.front();
    other.location.effective = Name("_acme-challenge.www.example.test");
    expected.push_back(other);
    CHECK_THROWS_WITH(run(scene.loop, await_propagation(expected, policy, {})),
                      Catch::Contains("ns2.example.test (" + scene.ns2.endpoint().text() +
                                      ") said for _acme-challenge.example.test and 1 more: REFUSED"));
  }
  WHEN("a server's addresses are unknown, and why is known") {
    scene.ns2.say(challenge, Type::txt, Scene::with({"one", "two"}));
    scene.further = {{Name("ns3.example.test"), Endpoint(), "SERVFAIL"}};
    CHECK_THAT(scene.wait(policy), Catch::EndsWith("ns3.example.test: SERVFAIL"));
  }
}

SCENARIO("strangers that a zone names are not flooded") {
  Scene scene;
  scene.ns1.say(challenge, Type::txt, Scene::with({"one", "two"}));
  std::list<NameServer> strangers;
  int packets = 0;
  const auto add = [&](bool silent) {
    const auto number = std::to_string(strangers.size() + 10);
    auto& server = strangers.emplace_back(scene.loop, "127.0.1." + number);
    server.handle([&packets, silent](std::string_view request, NameServer::Transport) -> std::optional<std::string> {
      ++packets;
      if (silent) return std::nullopt;
      return fake::reply_to(request, nothing);
    });
    scene.further.push_back({Name("ns" + number + ".example.test"), server.endpoint()});
  };
  const bool silent = GENERATE(true, false);
  for (int i = 0; i < 40; ++i) add(silent);
  PropagationPolicy policy;
  policy.timeout = 1min;
  CHECK_THAT(scene.wait(policy), Catch::Contains(" and 32 more said for"));
  CHECK(packets < 800);
  CHECK(packets > 200);
}
