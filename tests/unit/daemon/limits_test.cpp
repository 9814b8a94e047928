// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/limits.h"

#include <fmt/format.h>

#include "daemon/acme/answer.h"
#include "daemon/renew/registered_domain.h"
#include "tests/unit/catch.h"

namespace acmed::renew {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

const PublishedLimits& lets_encrypt() {
  return published_limits("https://acme-v02.api.letsencrypt.org/directory");
}

CountedOrder order(std::vector<std::string> names, const std::string& account = "k") {
  CountedOrder made;
  made.account = account;
  made.domains = registered_domains(names);
  made.names = std::move(names);
  return made;
}

struct World {
  Time now{std::chrono::sys_days(std::chrono::year(2026) / 11 / 26)};
  Limits limits{lets_encrypt()};

  bool is_room_for(const CountedOrder& made) const { return !limits.wait(made, now); }
  void issue(const CountedOrder& made) {
    limits.ordered(made, now);
    limits.released(made);
    limits.issued(made, now);
  }
  /// How many of them one after another.
  template <class Make>
  int issue_until_full(Make make) {
    int count = 0;
    while (count < 1000 && is_room_for(make(count))) issue(make(count++));
    return count;
  }
};

}  // namespace

SCENARIO("the registered domain of a name is the one below a public suffix") {
  CHECK(registered_domain("www.example.com") == "example.com");
  CHECK(registered_domain("*.a.b.example.co.uk") == "example.co.uk");
  CHECK(registered_domain("someone.github.io") == "someone.github.io");
  CHECK(registered_domain("co.uk") == "co.uk");
  CHECK(registered_domain("host.unheard-of") == "host.unheard-of");
  CHECK(registered_domains({"b.example.org", "a.example.com", "example.org"}) ==
        std::vector<std::string>{"example.com", "example.org"});
}

SCENARIO("Let's Encrypt's published limits are kept, and told with the time of the next possible order") {
  World world;
  struct Case {
    std::function<CountedOrder(int)> make;
    int most;
    Duration interval;
    const char* told;
  };
  const auto numbered = [](int i) { return "n" + std::to_string(i); };
  const std::vector<Case> cases = {
      {[](int) {
         return order({"a.example.com", "b.example.com"});
       },
       5, Duration(168h) / 5,
       "Let's Encrypt allows 5 certificates for exactly these names in 7 days; the next is possible at "
       "2026-11-27T09:36"},
      {[numbered](int i) { return order({numbered(i) + ".example.com"}); }, 50, Duration(168h) / 50,
       "Let's Encrypt allows 50 certificates for names of example.com in 7 days; the next is possible at "},
      {[numbered](int i) { return order({numbered(i) + ".com"}); }, 300, 36s,
       "Let's Encrypt allows 300 orders of an account in 3 hours; the next is possible at 2026-11-26T00:00:36Z"},
  };
  const auto& one = cases[GENERATE(0U, 1U, 2U)];
  CHECK(world.issue_until_full(one.make) == one.most);
  const auto wait = world.limits.wait(one.make(one.most), world.now);
  REQUIRE(wait);
  CHECK_THAT(wait->sentence, Contains(one.told));
  CHECK_FALSE(wait->is_said);
  CHECK(wait->until <= world.now + one.interval);
  CHECK(wait->until > world.now);
  world.now = wait->until - 1s;
  CHECK_FALSE(world.is_room_for(one.make(one.most)));
  world.now = wait->until;
  CHECK(world.is_room_for(one.make(one.most)));
}

SCENARIO("renewals count as the CA counts them") {
  World world;
  const auto same = order({"www.example.com"});
  for (int i = 0; i < 5; ++i) world.issue(same);
  for (int i = 0; i < 45; ++i) world.issue(order({"n" + std::to_string(i) + ".example.com"}));
  for (int i = 0; i < 250; ++i) world.limits.ordered(order({"n" + std::to_string(i) + ".com"}), world.now);
  CHECK_FALSE(world.is_room_for(order({"other.example.com"})));
  CHECK_FALSE(world.is_room_for(order({"other.net"})));
  auto known = order({"n1.example.com"});
  known.renews = true;
  CHECK(world.is_room_for(known));
  auto again = same;
  again.renews = true;
  CHECK_FALSE(world.is_room_for(again));
  again.replaces = true;
  CHECK(world.is_room_for(again));
  THEN("one that replaces another uses nothing up") {
    CHECK_FALSE(world.limits.ordered(again, world.now));
    CHECK_FALSE(world.limits.issued(again, world.now));
  }
}

SCENARIO("orders under way count before their certificates are there, and not after they came to nothing") {
  World world;
  const auto same = order({"www.example.com"});
  for (int i = 0; i < 5; ++i) world.limits.ordered(same, world.now);
  CHECK_FALSE(world.is_room_for(same));
  world.limits.released(same);
  CHECK(world.is_room_for(same));
  world.limits.issued(same, world.now);
  CHECK_FALSE(world.is_room_for(same));
  world.limits.not_issued(same, world.now);
  CHECK(world.is_room_for(same));
}

SCENARIO("a name whose validation fails is not tried more often than the CA allows, and other names and accounts are") {
  World world;
  for (int i = 0; i < 5; ++i) {
    CHECK(world.is_room_for(order({"*.example.com"})));
    world.limits.failed("k", "example.com", world.now);
  }
  const auto wait = world.limits.wait(order({"www.example.net", "*.example.com"}), world.now);
  REQUIRE(wait);
  CHECK_THAT(wait->sentence, Contains("5 failed validations of *.example.com in an hour; the next try is possible at"));
  CHECK(wait->until == world.now + 12min);
  CHECK(world.is_room_for(order({"www.example.com"})));
  CHECK(world.is_room_for(order({"*.example.com"}, "other account")));
  AND_THEN("where nobody looks at the DNS, the last failure is kept back") {
    world.now += 12min;
    auto blind = order({"*.example.com"});
    CHECK(world.limits.failures_left("k", "example.com", world.now) == 1);
    CHECK(world.is_room_for(blind));
    blind.failures_spared = 2;
    CHECK_FALSE(world.is_room_for(blind));
    world.now += 12min;
    CHECK(world.is_room_for(blind));
  }
}

SCENARIO("those who wait get times of their own, and keep their places") {
  World world;
  const auto numbered = [](int i) { return order({"n" + std::to_string(i) + ".com"}); };
  CHECK(world.issue_until_full(numbered) == 300);
  const auto began = world.now;
  std::vector<Time> places;
  for (int i = 0; i < 1000; ++i) places.push_back(world.limits.place(numbered(1000 + i), world.now)->until);
  for (int i = 0; i < 1000; ++i) CHECK(places[static_cast<std::size_t>(i)] == began + 36s * (i + 1));
  world.now = places[0];
  CHECK_FALSE(world.is_room_for(numbered(5000)));  // it comes later than those
  CHECK_FALSE(world.limits.wait(numbered(1000), world.now, true, true));
  world.issue(numbered(1000));
  CHECK(world.limits.wait(numbered(1001), world.now, true, true));
  AND_THEN("places that a clock gave away which was ahead are nobody's") {
    world.now = began - 24h * 10;
    CHECK(world.is_room_for(numbered(6000)));
  }
}

SCENARIO("what is used of the limits is told, the account's own first, then the fullest") {
  World world;
  CHECK(world.limits.in_use("k", 10, world.now).size() == 1);
  CHECK(world.limits.in_use("k", 10, world.now)[0].used == 0);
  for (int i = 0; i < 3; ++i) world.issue(order({"n" + std::to_string(i) + ".example.com"}));
  world.issue(order({"www.example.net"}));
  world.issue(order({"www.example.org"}, "other"));
  world.limits.failed("k", "www.example.net", world.now);
  world.limits.said(order({"www.example.org"}), "too many certificates already issued for \"example.org\"", world.now,
                    world.now + 10h);
  const auto all = world.limits.in_use("k", 100, world.now);
  std::vector<std::string> told;
  for (const auto& use : all) {
    if (use.limit != "same_names") told.push_back(fmt::format("{} {} {}", use.limit, use.subject, use.used));
  }
  CHECK(told == std::vector<std::string>{"orders  4", "domain example.org 1", "failures www.example.net 1",
                                         "domain example.com 3", "domain example.net 1"});
  CHECK(all[1].refused_until == world.now + 10h);
  CHECK(all[0].free_at == world.now + 4 * 36s);
  CHECK(all[0].of->most == 300);
  CHECK(world.limits.in_use("k", 2, world.now).size() == 2);
  world.now += 24h * 8;
  CHECK(world.limits.in_use("k", 100, world.now).size() == 1);
}

SCENARIO("a limit of the same names is told with these names, also after a restart") {
  World world;
  world.issue(order({"example.com", "*.example.com"}));
  world.issue(order({"a.example.net", "b.example.net", "c.example.net", "d.example.net"}));
  world.limits.said(order({"www.example.org"}), "too many certificates (5) already issued for this exact set of names",
                    world.now, world.now + 10h);
  Limits restarted(lets_encrypt());
  restarted.restore(world.limits.uses(world.now), world.now);
  for (const auto* limits : {&world.limits, &restarted}) {
    std::vector<std::string> told;
    for (const auto& use : limits->in_use("k", 100, world.now)) {
      if (!use.names) continue;
      std::string text = fmt::format("{} {}:", use.limit, use.names->count);
      for (const auto& name : use.names->first) text += " " + name;
      told.push_back(text);
    }
    std::ranges::sort(told);
    CHECK(told == std::vector<std::string>{"same_names 1: www.example.org", "same_names 2: example.com *.example.com",
                                           "same_names 4: a.example.net b.example.net c.example.net"});
  }
}

SCENARIO("accounts at one CA have orders and failures of their own, and share what is counted of names") {
  World world;
  const auto of_first = [](int i) { return order({fmt::format("n{}.d{}.com", i, i)}, "first"); };
  CHECK(world.issue_until_full(of_first) == 300);
  CHECK(world.is_room_for(order({"www.example.org"}, "second")));
  for (int i = 0; i < 5; ++i) world.limits.failed("first", "www.example.net", world.now);
  CHECK(world.limits.failures_left("first", "www.example.net", world.now) == 0);
  CHECK(world.limits.failures_left("second", "www.example.net", world.now) == 5);
  for (int i = 0; i < 50; ++i) world.limits.issued(order({fmt::format("n{}.example.com", i)}, "first"), world.now);
  CHECK_FALSE(world.is_room_for(order({"another.example.com"}, "second")));
  for (int i = 0; i < 5; ++i) world.limits.issued(order({"a.example.org", "b.example.org"}, "first"), world.now);
  CHECK_FALSE(world.is_room_for(order({"b.example.org", "a.example.org"}, "second")));
  AND_WHEN("the CA refuses an order of one account") {
    world.limits.said(order({"www.example.org"}, "second"),
                      "too many new orders (300) from this account in the last 3h", world.now, world.now + 1h);
    CHECK_FALSE(world.is_room_for(order({"www.example.org"}, "second")));
    CHECK(world.is_room_for(order({"www.example.org"}, "third")));
  }
}

SCENARIO("what a CA says about its limits is believed of what it says it about") {
  Limits limits(published_limits("https://ca.test/dir"));
  const Time now(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26));
  auto refused = order({"a.example.com", "b.example.com"});
  struct Case {
    const char* detail;
    std::vector<CountedOrder> waiting;
    std::vector<CountedOrder> others;
  };
  const std::vector<Case> cases = {
      {"too many new orders (300) from this account in the last 3h0m0s",
       {order({"x.example.net"})},
       {order({"x.example.net"}, "other")}},
      {"too many certificates (50) already issued for \"example.com\" in the last 168h0m0s",
       {order({"x.example.com"})},
       {order({"x.example.net"})}},
      {"too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s",
       {order({"b.example.com", "a.example.com"})},
       {order({"a.example.com"})}},
      {"too many failed authorizations (5) for \"b.example.com\" in the last 1h0m0s",
       {order({"b.example.com"})},
       {order({"a.example.com"})}},
      {"slow down", {refused}, {order({"x.example.com"})}},
  };
  const auto& one = cases[GENERATE(0U, 1U, 2U, 3U, 4U)];
  limits.said(refused, one.detail, now, now + 10h);
  for (const auto& each : one.waiting) {
    const auto wait = limits.wait(each, now);
    REQUIRE(wait);
    CHECK(wait->is_said);
    CHECK(wait->until == now + 10h);
    CHECK(limits.wait(each, now, false));
    CHECK_FALSE(limits.wait(each, now + 10h));
  }
  for (const auto& each : one.others) CHECK_FALSE(limits.wait(each, now));
  AND_THEN("a certificate that ends soon asks again sooner") {
    refused.not_after = now + 20h;
    CHECK(limits.wait(refused, now)->until == now + 2h);
  }
}

SCENARIO("what is only believed costs no certificate: on its last day the CA itself is asked") {
  World world;
  auto same = order({"www.example.com"});
  for (int i = 0; i < 5; ++i) world.issue(same);
  same.not_after = world.now + 25h;
  CHECK_FALSE(world.is_room_for(same));
  same.not_after = world.now + 23h;
  CHECK(world.is_room_for(same));
  same.not_after = world.now - 1h;
  CHECK_FALSE(world.is_room_for(same));
}

SCENARIO("what was used is known after a restart, until it has passed") {
  World world;
  const auto same = order({"www.example.com"});
  for (int i = 0; i < 5; ++i) world.issue(same);
  world.limits.failed("k", "www.example.com", world.now);
  world.limits.said(order({"x.example.net"}), "exact set", world.now, world.now + 100h);
  const auto kept = world.limits.uses(world.now);
  CHECK(kept.size() == 5);
  Limits restarted(lets_encrypt());
  restarted.restore(kept, world.now);
  CHECK(restarted.wait(same, world.now)->until == world.limits.wait(same, world.now)->until);
  CHECK(restarted.wait(order({"x.example.net"}), world.now));
  CHECK(restarted.failures_left("k", "www.example.com", world.now) == 4);
  CHECK(restarted.uses(world.now + 168h).empty());
  AND_THEN("what a clock that was ahead wrote is not believed") {
    for (const auto back : {24h * 400, 24h * 3000}) {
      Limits earlier(lets_encrypt());
      earlier.restore(kept, world.now - back);
      CHECK_FALSE(earlier.wait(same, world.now - back));
      CHECK_FALSE(earlier.wait(order({"x.example.net"}), world.now - back));
    }
  }
}

SCENARIO("what is counted is not kept for ever") {
  World world;
  for (int i = 0; i < 10000; ++i) {
    const auto made = order({"n" + std::to_string(i) + ".com"});
    world.limits.wait(made, world.now);
    world.issue(made);
    if (i % 10 == 0) world.now += 1h;
    if (i % 100 == 0) world.limits.uses(world.now);
  }
  CHECK(world.limits.uses(world.now).size() < 2000);
}

}  // namespace acmed::renew
