// SPDX-License-Identifier: Apache-2.0
#include "dns/responder/rate_limiter.h"

#include "dns/endpoint.h"
#include "tests/unit/catch.h"

namespace acmed::dns::responder {
namespace {

using namespace std::chrono_literals;
using Verdict = RateLimiter::Verdict;

/// A limiter, and a clock that moves when told.
struct Scene {
  RateLimiter limiter;
  VirtualClock clock{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)};

  explicit Scene(unsigned rate) : limiter(rate) {}

  Verdict ask(const std::string& address) {
    sockaddr_storage client{};
    Endpoint::parse(address)->to_sockaddr(client);
    return limiter.judge(reinterpret_cast<const sockaddr*>(&client), clock.moment());
  }
  /// How many of `count` questions at once are answered.
  int answered(const std::string& address, int count) {
    int answers = 0;
    for (int i = 0; i < count; ++i) answers += ask(address) == Verdict::answer ? 1 : 0;
    return answers;
  }
};

}  // namespace

SCENARIO("a network gets its answers in a second, and then as many as time passes") {
  Scene scene(100);
  CHECK(scene.answered("192.0.2.1", 150) == 100);
  scene.clock.advance(100ms);
  CHECK(scene.answered("192.0.2.1", 150) == 10);
  scene.clock.advance(10s);
  CHECK(scene.answered("192.0.2.1", 150) == 100);
  THEN("a steady stream at the rate is answered in full") {
    scene.clock.advance(10s);
    for (int i = 0; i < 1000; ++i) {
      CHECK(scene.ask("192.0.2.1") == Verdict::answer);
      scene.clock.advance(10ms);
    }
  }
  THEN("a stream of twice the rate is answered by half") {
    int answers = 0;
    for (int i = 0; i < 2000; ++i) {
      answers += scene.answered("192.0.2.1", 1);
      scene.clock.advance(5ms);
    }
    CHECK(answers == 999);  // one each 10 ms, the first after 10 ms
  }
}

SCENARIO("of what is too much every second answer is cut, the others are dropped") {
  Scene scene(1);
  CHECK(scene.ask("192.0.2.1") == Verdict::answer);
  for (int i = 0; i < 10; ++i) {
    CHECK(scene.ask("192.0.2.1") == Verdict::cut);
    CHECK(scene.ask("192.0.2.1") == Verdict::drop);
  }
}

SCENARIO("networks are an IPv4 /24 and an IPv6 /56") {
  Scene scene(10);
  CHECK(scene.answered("192.0.2.1", 20) == 10);
  CHECK(scene.answered("192.0.2.254", 20) == 0);
  CHECK(scene.answered("192.0.3.1", 20) == 10);
  CHECK(scene.answered("2001:db8:0:1100::1", 20) == 10);
  CHECK(scene.answered("2001:db8:0:11ff:1::", 20) == 0);
  CHECK(scene.answered("2001:db8:0:1200::1", 20) == 10);
  THEN("an IPv4 client on a socket for both families is that IPv4 client") {
    CHECK(scene.answered("::ffff:192.0.2.77", 20) == 0);
    CHECK(scene.answered("::ffff:198.51.100.1", 20) == 10);
    CHECK(scene.answered("198.51.100.2", 20) == 0);
  }
}

SCENARIO("a network under attack is not forgotten for a flood from others") {
  Scene scene(10);
  CHECK(scene.answered("192.0.2.1", 20) == 10);
  // 65,000 networks with one question each, sixteen times what there is room for.
  for (int i = 0; i < 65'000; ++i) {
    scene.ask("10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".1");
  }
  CHECK(scene.answered("192.0.2.1", 20) == 0);
}

SCENARIO("without a limit everything is answered") {
  Scene scene(0);
  CHECK_FALSE(scene.limiter.is_on());
  CHECK(scene.answered("192.0.2.1", 100'000) == 100'000);
}

}  // namespace acmed::dns::responder
