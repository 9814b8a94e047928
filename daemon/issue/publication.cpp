// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/publication.h"

#include <algorithm>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/issue/certificate_log.h"

namespace acmed::issue {
namespace {

// Between two additions after a loss, which doubles: a server that changes its mind does not keep the provider busy.
constexpr Duration first_rest = std::chrono::seconds(5);
constexpr Duration longest_rest = std::chrono::minutes(1);

}  // namespace

Publication::Publication(JourneyContext& context, std::string user, Policies policies, std::vector<PlacedValue> values)
    : context_(context), user_(std::move(user)), policies_(std::move(policies)), values_(std::move(values)) {}

Task<> Publication::publish(ZoneCoordinator::Announcement announcement) {
  co_await add(std::move(announcement));
  context_.observer.published(user_, values_.size());
  co_await await_published();
  const auto began = context_.loop.clock().moment();
  co_await accompanied(await_visible(true), keep_asserting());
  if (is_watched()) context_.observer.propagated(user_, context_.loop.clock().moment() - began);
}

Task<> Publication::add(ZoneCoordinator::Announcement announcement) {
  try {
    co_await context_.zones.publish(user_, all_values(), std::move(announcement));
  } catch (const Error&) {
    note_refused(std::current_exception());
    throw;
  }
}

void Publication::note_refused(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const providers::SomeFailed& error) {
    for (const auto& [name, of_name] : error.failures()) {
      if (of_name.advice() == Error::Advice::refused) refused_.insert(name);
    }
  } catch (const Error& error) {
    if (error.advice() != Error::Advice::refused) return;
    for (const auto& placed : values_) refused_.insert(placed.value.name);
  }
}

Task<> Publication::confirm() {
  if (!assertion_pace()) co_return;
  co_await context_.zones.assert_again(uncertain_values());
  co_await await_visible(false);
}

Task<> Publication::withdraw() {
  co_await context_.zones.withdraw(user_, all_values());
}

Task<> Publication::await_published() {
  std::set<std::pair<std::string, providers::Zone>> zones;
  for (const auto& placed : values_) zones.emplace(placed.value.provider, placed.value.zone);
  std::vector<Task<>> waits;
  for (const auto& [provider, zone] : zones) waits.push_back(context_.zones.provider(provider)->await_published(zone));
  co_await when_all(std::move(waits));
}

Task<> Publication::await_visible(bool settle) {
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
      context_.observer.looked(user_, servers);
    };
    const auto lost = [this] {
      are_lost_ = true;
      lost_.wake_all();
    };
    const bool is_told = settle && policy.require != dns::Require::none;
    auto wait = dns::await_propagation(std::move(expected), std::move(policy), report, lost);
    waits.push_back(is_told ? timed(provider, std::move(wait)) : std::move(wait));
  }
  co_await when_all(std::move(waits));
}

Task<> Publication::timed(std::string provider, Task<> wait) {
  const auto began = context_.loop.clock().moment();
  co_await std::move(wait);
  context_.observer.visible(provider, context_.loop.clock().moment() - began);
}

/// Whether any name server is asked.
bool Publication::is_watched() const {
  return std::ranges::any_of(values_, [this](const PlacedValue& placed) {
    const auto policy = policies_.find(placed.value.provider);
    return policy == policies_.end() || policy->second.require != dns::Require::none;
  });
}

/// At the provider's pace, and after each loss. Never ends.
Task<> Publication::keep_asserting() {
  const auto pace = assertion_pace();
  for (Duration rest = first_rest;;) {
    bool lost = true;
    if (pace) {
      lost = co_await within(*pace, next_loss());
    } else {
      co_await next_loss();
    }
    try {
      if (lost) CertificateLog(user_).info("a name server shows the TXT values no longer: they are added again");
      co_await context_.zones.assert_again(lost ? all_values() : uncertain_values());
    } catch (const Error& error) {
      // If it still matters, the next attempt or confirm() will fail as well.
      CertificateLog(user_).debug(error.what());
    }
    if (!lost) continue;
    co_await sleep_for(rest);
    rest = std::min(2 * rest, longest_rest);
  }
}

Task<> Publication::next_loss() {
  while (!are_lost_) co_await lost_.turn();
  are_lost_ = false;
}

std::vector<ZoneValue> Publication::all_values() const {
  std::vector<ZoneValue> values;
  for (const auto& placed : values_) values.push_back(placed.value);
  return values;
}

std::vector<ZoneValue> Publication::uncertain_values() const {
  std::vector<ZoneValue> values;
  for (const auto& placed : values_) {
    if (assertion_pace_of(placed)) values.push_back(placed.value);
  }
  return values;
}

std::optional<Duration> Publication::assertion_pace() const {
  std::optional<Duration> shortest;
  for (const auto& placed : values_) {
    const auto pace = assertion_pace_of(placed);
    if (pace && (!shortest || *pace < *shortest)) shortest = pace;
  }
  return shortest;
}

std::optional<Duration> Publication::assertion_pace_of(const PlacedValue& placed) const {
  return context_.zones.provider(placed.value.provider)->assertion_pace();
}

}  // namespace acmed::issue
