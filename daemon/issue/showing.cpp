// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/showing.h"

#include <fmt/format.h>

#include <set>

#include "base/log.h"
#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"

namespace acmed::issue {

Showing::Showing(Services& services, std::string user, Policies policies, std::vector<PlacedValue> values)
    : services_(services), user_(std::move(user)), policies_(std::move(policies)), values_(std::move(values)) {}

Task<> Showing::begin(ZoneCoordinator::Approach approach) {
  co_await services_.zones.publish(user_, all_values(), std::move(approach));
  services_.observer.published(user_, values_.size());
  co_await await_published();
  const auto began = services_.loop.clock().moment();
  const auto pace = assertion_pace();
  if (pace) {
    co_await accompanied(await_visible(true), keep_asserting(*pace));
  } else {
    co_await await_visible(true);
  }
  services_.observer.propagated(user_, services_.loop.clock().moment() - began);
}

Task<> Showing::reassure() {
  if (!assertion_pace()) co_return;
  co_await services_.zones.assert_again(uncertain_values());
  co_await await_visible(false);
}

Task<> Showing::end() {
  co_await services_.zones.withdraw(user_, all_values());
}

Task<> Showing::await_published() {
  std::set<std::pair<std::string, providers::Zone>> zones;
  for (const auto& placed : values_) zones.emplace(placed.value.provider, placed.value.zone);
  std::vector<Task<>> waits;
  for (const auto& [provider, zone] : zones) waits.push_back(services_.zones.provider(provider)->await_published(zone));
  co_await when_all(std::move(waits));
}

Task<> Showing::await_visible(bool settle) {
  std::map<std::string, std::map<dns::Name, dns::Expected>> by_provider;
  for (const auto& placed : values_) {
    auto& expected = by_provider[placed.value.provider][placed.value.name];
    expected.location = placed.location;
    expected.values.push_back(placed.value.value);
  }
  std::vector<Task<>> waits;
  for (auto& [provider, by_name] : by_provider) {
    std::vector<dns::Expected> expected;
    for (auto& [name, one] : by_name) expected.push_back(std::move(one));
    const auto found = policies_.find(provider);
    auto policy = found == policies_.end() ? dns::PropagationPolicy{} : found->second;
    if (!settle) policy.settle = {};
    const auto report = [this](const std::vector<dns::ServerReport>& servers) {
      services_.observer.looked(user_, servers);
    };
    waits.push_back(dns::await_propagation(std::move(expected), std::move(policy), report));
  }
  co_await when_all(std::move(waits));
}

Task<> Showing::keep_asserting(Duration pace) {
  for (;;) {
    co_await sleep_for(pace);
    try {
      co_await services_.zones.assert_again(uncertain_values());
    } catch (const Error& error) {
      // Whether it matters, the next time tells, or reassure().
      log::debug(fmt::format("{}: {}", user_, error.what()), {{"ACMED_CERTIFICATE", user_}});
    }
  }
}

std::vector<ZoneValue> Showing::all_values() const {
  std::vector<ZoneValue> values;
  for (const auto& placed : values_) values.push_back(placed.value);
  return values;
}

std::vector<ZoneValue> Showing::uncertain_values() const {
  std::vector<ZoneValue> values;
  for (const auto& placed : values_) {
    if (assertion_pace_of(placed)) values.push_back(placed.value);
  }
  return values;
}

std::optional<Duration> Showing::assertion_pace() const {
  std::optional<Duration> shortest;
  for (const auto& placed : values_) {
    const auto pace = assertion_pace_of(placed);
    if (pace && (!shortest || *pace < *shortest)) shortest = pace;
  }
  return shortest;
}

std::optional<Duration> Showing::assertion_pace_of(const PlacedValue& placed) const {
  return services_.zones.provider(placed.value.provider)->assertion_pace();
}

}  // namespace acmed::issue
