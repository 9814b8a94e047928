// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/runtime/sleep.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/fake_authority.h"
#include "tests/unit/daemon/journey_scene.h"

/// What holds at each single step of a journey, whichever it is.
namespace acmed::issue {
namespace {

using namespace std::chrono_literals;
using test::FakeAuthority;
using test::JourneyScene;

struct Steps : JourneyScene {
  FakeAuthority fake{one_at_a_time(settings), [this](const std::string& csr) {
                       return crypto::parse_chain(chain({0, request.domains, csr}));
                     }};
  std::vector<std::string> calls;

  static AuthoritySettings one_at_a_time(AuthoritySettings settings) {
    settings.concurrency = 1;
    return settings;
  }

  /// `event` happens at the call of that number, counted from 0.
  explicit Steps(std::size_t number = 1000, std::function<void()> event = {}) {
    request.domains = {"a.example.test", "b.example.test"};
    other_authority = &fake;
    fake.on_call = [this, number, event = std::move(event)](const std::string& call) {
      calls.push_back(call);
      if (calls.size() == number + 1) event();
    };
  }
};

std::vector<std::string> calls_of_a_journey() {
  Steps steps;
  const auto outcome = steps.run();
  if (!outcome.empty()) throw std::logic_error(outcome);
  return steps.calls;
}

/// Takes the CA's only place as soon as a value is in the DNS, and notes whether it still is then.
Task<> take_place(Steps* steps, bool* shown) {
  while (steps->provider->values.empty()) co_await sleep_for(10ms);
  const auto place = co_await steps->fake.place();
  *shown = !steps->provider->values.empty();
}

/// Takes the CA's only place while name servers keep silent, and notes when it got it.
Task<> take_place_soon(Steps* steps, Moment* got) {
  co_await sleep_for(100ms);
  const auto place = co_await steps->fake.place();
  *got = steps->clock.moment();
}

std::vector<Task<>> both(Task<> one, Task<> other) {
  std::vector<Task<>> tasks;
  tasks.push_back(std::move(one));
  tasks.push_back(std::move(other));
  return tasks;
}

/// Software keys, and how often each call was made.
class CountedKeys final : public crypto::Keys {
 public:
  Task<crypto::PrivateKey> generate(crypto::KeyType type) override {
    ++generated;
    return crypto::software_keys().generate(type);
  }
  Task<crypto::PrivateKey> held(crypto::TokenKey where) override { return crypto::software_keys().held(where); }
  Task<std::string> sign(crypto::PrivateKey key, std::string bytes) override {
    ++signatures;
    return crypto::software_keys().sign(std::move(key), std::move(bytes));
  }
  Task<std::string> csr(crypto::PrivateKey key, std::vector<std::string> names, std::string common_name) override {
    ++requests;
    return crypto::software_keys().csr(std::move(key), std::move(names), std::move(common_name));
  }
  std::size_t generated = 0;
  std::size_t signatures = 0;
  std::size_t requests = 0;
};

}  // namespace

SCENARIO("whichever call to the CA fails, values stay only while it validates, and the next run gets the certificate") {
  const auto calls = calls_of_a_journey();
  for (std::size_t number = 0; number < calls.size(); ++number) {
    GIVEN("a failure at call " + std::to_string(number) + ", " + calls[number]) {
      Steps steps(number, [] { throw Retry("http:503", "the CA is away"); });
      CHECK(steps.run() == "http:503 the CA is away");
      // Both names are responded to at the same time: one of them is.
      const bool is_validating = calls[number] == "respond" || calls[number] == "order_leaves_pending";
      CHECK(steps.provider->values.size() == (is_validating ? 2 : 0));
      CHECK(steps.state().values.size() == steps.provider->values.size());
      CHECK(steps.run().empty());
      CHECK(steps.state().values.empty());
      CHECK(steps.provider->values.empty());
      CHECK(steps.fake.orders == 1);
    }
  }
}

SCENARIO("a run that is stopped at any call to the CA is gone on with, by the same order and key") {
  const auto calls = calls_of_a_journey();
  for (std::size_t number = 0; number < calls.size(); ++number) {
    GIVEN("a stop at call " + std::to_string(number) + ", " + calls[number]) {
      std::stop_source stop;
      Steps steps(number, [&stop] { stop.request_stop(); });
      steps.run(stop.get_token());
      const auto left = steps.state();
      CHECK(left.values.size() >= steps.provider->values.size());
      if (left.issued) continue;
      CHECK(steps.run().empty());
      CHECK(steps.fake.orders == 1);
      CHECK(steps.provider->values.empty());
      if (left.order) CHECK(steps.live("privkey.pem") == left.order->key_pem.reveal());
    }
  }
}

SCENARIO("while the DNS is awaited, the place at the CA is another certificate's") {
  Steps steps;
  steps.hidden_answers = 20;
  steps.request.authority = &steps.fake;
  auto state = steps.state();
  Journey journey(steps.context, steps.request, state);
  bool shown = false;
  run(steps.loop, when_all(both(journey.run(), take_place(&steps, &shown))));
  CHECK(shown);
}

SCENARIO("while name servers are searched, the place at the CA is another certificate's") {
  Steps steps;
  steps.name_server.handle([](std::string_view, dns::Transport) { return std::nullopt; });
  steps.request.authority = &steps.fake;
  auto state = steps.state();
  Journey journey(steps.context, steps.request, state);
  const auto start = steps.clock.moment();
  Moment got = start;
  CHECK_THROWS_AS(run(steps.loop, when_all(both(journey.run(), take_place_soon(&steps, &got)))), Error);
  CHECK(got > start);
  CHECK(got - start < 1s);
  CHECK(steps.clock.moment() - start > 3s);
}

SCENARIO("where the CA did not see what all name servers showed, `settle` is named") {
  const auto calls = calls_of_a_journey();
  const auto validation = std::ranges::find(calls, "order_leaves_pending") - calls.begin();
  const auto refuse = [&](const std::string& type) {
    Steps steps(static_cast<std::size_t>(validation), [type] {
      acme::Problem problem;
      problem.type = type;
      throw acme::ProblemError("validate the names", problem, std::nullopt);
    });
    return steps.run();
  };
  for (const std::string type : {"unauthorized", "dns", "incorrectResponse"}) {
    CHECK_THAT(refuse(type), Catch::StartsWith("acme:" + type) && Catch::Contains("`settle` in [propagation]"));
  }
  CHECK_THAT(refuse("caa"), !Catch::Contains("settle"));
}

SCENARIO("every key is made, and every signature given, by the keys that the journey was told to use") {
  JourneyScene scene;
  CountedKeys keys;
  AcmeAuthority authority(scene.loop, scene.store, scene.settings, keys);
  scene.request.authority = &authority;
  JourneyContext context{scene.loop,  scene.store,          scene.directory.publisher, scene.discovery,
                         scene.zones, scene.context.routes, scene.context.observer,    keys};
  store::Certificate state;
  Journey journey(context, scene.request, state);
  run(scene.loop, journey.run());
  CHECK(keys.generated == 2);  // the account's and the certificate's
  CHECK(keys.requests == 1);
  CHECK(keys.signatures == scene.ca.count() - scene.ca.count("directory") - scene.ca.count("new-nonce"));
}

}  // namespace acmed::issue
