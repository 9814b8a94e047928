// SPDX-License-Identifier: Apache-2.0
// One of several processes that change the same name at the same time, each with values of its own and nothing to know
// the others by: `rival CONFIG NAME ROUNDS SERVER` does what a journey does with its provider, ROUNDS times over, and
// asks SERVER for the value at the moment when the CA would be told. Prints "lost N" and, of the calls that changed
// something, how many took longer than they do undisturbed: "put back N". Exit 1 when a value was lost.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "dns/query.h"
#include "providers/registry.h"

using namespace acmed;
using namespace acmed::providers;
using namespace std::chrono_literals;

namespace {

// The rivals begin their changes at the same beats of the host's clock; a change that nobody disturbs takes less.
constexpr Duration beat = 300ms;

struct Race {
  Loop loop;
  config::Config config;
  dns::Name name;
  int rounds;
  dns::Endpoint server;
  dns::Discovery discovery{loop, {server}};
  std::unique_ptr<Provider> provider = make_provider(config.providers.front(), loop, discovery);
  std::vector<Duration> took = {};
  int lost = 0;
};

Task<> at_next_beat(const Clock* clock) {
  co_await sleep_for(beat - clock->moment().time_since_epoch() % beat);
}

Task<> change(Race* race, Zone zone, Action action, std::string value) {
  co_await at_next_beat(&race->loop.clock());
  const auto began = race->loop.clock().moment();
  std::vector<TxtChange> changes{{action, race->name, std::move(value), 60s}};
  co_await race->provider->apply(std::move(zone), std::move(changes));
  race->took.push_back(race->loop.clock().moment() - began);
}

Task<bool> is_shown(dns::Endpoint server, dns::Name name, std::string value) {
  const auto reply = co_await dns::ask(std::move(server), {std::move(name), dns::Type::txt}, {});
  for (const auto& record : reply.message.answer) {
    const auto* text = std::get_if<dns::Text>(&record.data);
    if (text != nullptr && text->value == value) co_return true;
  }
  co_return false;
}

Task<> run_race(Race* race) {
  const auto zone = co_await race->provider->zone_of(race->name);
  if (!zone) throw Refused("rival:zone", "there is no such zone");
  for (int i = 0; i < race->rounds; ++i) {
    const auto value = crypto::base64url(crypto::sha256(fmt::format("{} {}", getpid(), i)));
    co_await change(race, *zone, Action::add, value);
    std::vector<TxtChange> again{{Action::add, race->name, value, 60s}};
    co_await race->provider->apply(*zone, std::move(again));
    const bool shown = co_await is_shown(race->server, race->name, value);
    if (!shown) ++race->lost;
    co_await change(race, *zone, Action::remove, value);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  Race race{{}, config::load(argv[1]), dns::Name(argv[2]), std::atoi(argv[3]), dns::Endpoint::parse(argv[4]).value()};
  try {
    run(race.loop, run_race(&race));
  } catch (const Error& error) {
    fmt::print("failed {} {}\n", error.cause(), error.what());
    return 1;
  }
  const auto shortest = *std::ranges::min_element(race.took);
  const auto longer = std::ranges::count_if(race.took, [&](Duration took) { return took > shortest * 3 / 2; });
  fmt::print("lost {}\nput back {}\n", race.lost, longer);
  return race.lost == 0 ? 0 : 1;
}
