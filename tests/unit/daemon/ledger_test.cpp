// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/ledger.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/runtime/scope.h"
#include "daemon/acme/answer.h"
#include "tests/unit/catch.h"
#include "tests/unit/daemon/state_directory.h"
#include "tests/unit/set_clock.h"
#include "tests/unit/temporary_folder.h"

namespace acmed::renew {
namespace {

using namespace std::chrono_literals;

constexpr const char* ca = "https://ca.test/dir";

struct World {
  TemporaryFolder folder;
  VirtualClock clock{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  Loop loop{clock};
  store::StateDirectory state{folder.path()};
  store::FileStore& store = state.store;
  Ledger ledger{store, clock};

  template <class Failure>
  void learn(Failure failure) {
    run(loop, ledger.learn(ca, std::make_exception_ptr(std::move(failure))));
  }
  Throttled overload(Duration pause) const { return {acme::overloaded, "busy", clock.now() + pause, Party::ca}; }
};

Task<> answer(int* requests) {
  ++*requests;
  co_return;
}

Task<> refuse(int* requests, Throttled failure) {
  ++*requests;
  throw failure;
  co_return;
}

}  // namespace

SCENARIO("a CA that sheds load is left alone by all certificates, also after a restart") {
  World world;
  world.learn(world.overload(1h));
  CHECK(world.ledger.closed_until(ca, std::nullopt) == world.clock.now() + 1h);
  CHECK_FALSE(world.ledger.closed_until("https://other.test/dir", std::nullopt));
  Ledger restarted(world.store, world.clock);
  run(world.loop, restarted.load());
  CHECK(restarted.closed_until(ca, std::nullopt) == world.clock.now() + 1h);
  world.clock.advance(1h);
  CHECK_FALSE(restarted.closed_until(ca, std::nullopt));
}

SCENARIO("limits that are configured take the place of those that the CA has published") {
  World world;
  PublishedLimits own;
  own.ca = "CA corp";
  own.orders = Limit{2, 30min};
  Ledger ledger(world.store, world.clock, {{ca, own}});
  CountedOrder order;
  order.account = "k";
  order.names = {"www.example.com"};
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(ledger.limits(ca).wait(order, world.clock.now()));
    ledger.limits(ca).ordered(order, world.clock.now());
  }
  const auto wait = ledger.limits(ca).wait(order, world.clock.now());
  REQUIRE(wait);
  CHECK(wait->until == world.clock.now() + 15min);
  CHECK_THAT(wait->sentence, Catch::StartsWith("CA corp allows 2 orders of an account in 30 minutes;"));
  CHECK_FALSE(ledger.limits("https://other.test/dir").wait(order, world.clock.now()));
}

SCENARIO("what others ask for, and what a CA limits for one certificate, closes no CA") {
  World world;
  world.learn(Retry("http:503", "provider api: busy", world.clock.now() + 1h));
  world.learn(Throttled("http:429", "provider cf: too many", world.clock.now() + 1h));
  world.learn(Throttled("acme:rateLimited", "too many", world.clock.now() + 1h, Party::ca));
  CHECK_FALSE(world.ledger.closed_until(ca, std::nullopt));
}

SCENARIO("a CA's pause is never longer than a tenth of what is left of a certificate") {
  World world;
  const auto began = world.clock.now();
  world.learn(world.overload(6h));
  CHECK(world.ledger.closed_until(ca, began + 20h) == began + 2h);
  world.clock.advance(1h);
  CHECK(world.ledger.closed_until(ca, began + 20h) == began + 2h);
  CHECK(world.ledger.closed_until(ca, began + 24h * 30) == began + 6h);
}

SCENARIO("pauses from a clock that was wrong are not believed") {
  World world;
  const auto now = world.clock.now();
  const auto ahead = now + 24h * 365 * 9;
  run(world.loop, world.store.save_ledger({{ca, {.pause = {ahead, ahead + 1min}}},
                                           {"https://far.test/", {.pause = {now, now + 24h * 30}}}}));
  run(world.loop, world.ledger.load());
  CHECK_FALSE(world.ledger.closed_until(ca, std::nullopt));
  CHECK_FALSE(world.ledger.closed_until("https://far.test/", std::nullopt));
  world.learn(world.overload(1h));
  CHECK(world.ledger.closed_until(ca, std::nullopt) == now + 1h);
}

SCENARIO("an end that a version before kept, which bounded nothing, is believed within the bound") {
  World world;
  const auto now = world.clock.now();
  const std::string far = "https://far.test/";
  files::write_durably(world.state.folder.ledger(),
                       fmt::format(R"({{"{}": "{}", "{}": "2163-01-02T13:22:38Z"}})", ca, to_rfc3339(now + 1h), far),
                       0600);
  run(world.loop, world.ledger.load());
  CHECK(world.ledger.closed_until(ca, std::nullopt) == now + 1h);
  CHECK_FALSE(world.ledger.closed_until(far, std::nullopt));
}

SCENARIO("a person's wish is one request, which tells whether the CA still wants to be left alone") {
  World world;
  world.learn(world.overload(1h));
  int requests = 0;
  const auto ask_twice = [&](const std::function<Task<>()>& ask) {
    std::vector<Task<>> wishes;
    for (int i = 0; i < 2; ++i) wishes.push_back(world.ledger.ask_again(ca, ask));
    run(world.loop, when_all(std::move(wishes)));
  };
  WHEN("it answers") {
    ask_twice([&requests] { return answer(&requests); });
    THEN("it is open") {
      CHECK(requests == 1);
      CHECK_FALSE(world.ledger.closed_until(ca, std::nullopt));
      Ledger restarted(world.store, world.clock);
      run(world.loop, restarted.load());
      CHECK_FALSE(restarted.closed_until(ca, std::nullopt));
    }
  }
  WHEN("it asks for more") {
    ask_twice([&] { return refuse(&requests, world.overload(2h)); });
    THEN("it is left alone for as long as that") {
      CHECK(requests == 1);
      CHECK(world.ledger.closed_until(ca, std::nullopt) == world.clock.now() + 2h);
    }
  }
}

namespace {

CountedOrder order_of(const char* name) {
  CountedOrder order;
  order.account = "a";
  order.names = order.domains = {name};
  return order;
}

}  // namespace

SCENARIO("what was used of a CA's limits is on disk when that is asked for, with few writes for many who ask at once") {
  const char* letsencrypt = "https://acme-v02.api.letsencrypt.org/directory";
  World world;
  auto& limits = world.ledger.limits(letsencrypt);
  std::vector<Task<>> keeps;
  for (int i = 0; i < 100; ++i) {
    CHECK(limits.ordered(order_of(std::to_string(i).c_str()), world.clock.now()));
    keeps.push_back(world.ledger.keep());
  }
  run(world.loop, when_all(std::move(keeps)));
  Ledger restarted(world.store, world.clock);
  run(world.loop, restarted.load());
  const auto first = restarted.limits(letsencrypt).uses(world.clock.now());
  REQUIRE(first.contains("account a"));
  CHECK(first.at("account a").full_at == world.clock.now() + 100 * 36s);
}

SCENARIO("a CA counts on while this host's clock is set") {
  const char* letsencrypt = "https://acme-v02.api.letsencrypt.org/directory";
  World world;
  test::SetClock clock(world.clock);
  Ledger ledger(world.store, clock);
  const auto order = order_of("www.example.com");
  for (int i = 0; i < 5; ++i) ledger.limits(letsencrypt).issued(order, clock.now());
  for (const auto ahead : {24h * 300, -24h * 300, 0h}) {
    clock.ahead = ahead;
    const auto wait = ledger.limits(letsencrypt).wait(order, clock.now());
    REQUIRE(wait);
    CHECK(wait->until == clock.now() + Duration(168h) / 5);
  }
}

}  // namespace acmed::renew
