// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/publication.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/runtime/scope.h"
#include "base/runtime/sleep.h"
#include "daemon/issue/certificate_log.h"
#include "dns/laggards.h"

namespace acmed::issue {
namespace {

constexpr Duration first_telling = std::chrono::seconds(10);
// Between two additions after a loss, which doubles: a server that changes its mind does not keep the provider busy.
constexpr Duration first_rest = std::chrono::seconds(5);
constexpr Duration longest_rest = std::chrono::minutes(1);
// Whether values that should stand do: a server that is down is no reason to wait long before they are added again.
constexpr Duration longest_recognition = std::chrono::seconds(10);
// Of what is left of an authorization, for the CA to look at the values; at most so much.
constexpr int share_of_validation = 10;
constexpr Duration longest_validation = std::chrono::minutes(2);
constexpr Duration shortest_wait = std::chrono::seconds(1);

}  // namespace

Publication::Publication(JourneyContext& context, std::string user, Policies policies, std::vector<PlacedValue> values)
    : context_(context), user_(std::move(user)), policies_(std::move(policies)), values_(std::move(values)) {}

Task<> Publication::publish(ZoneCoordinator::Announcement announcement) {
  // Whoever probably changes nothing keeps nobody else waiting.
  if (std::ranges::all_of(values_, &PlacedValue::stands)) announcement.end();
  co_await recognize();
  const auto missing = values_if([](const PlacedValue& placed) { return !placed.stands; });
  if (missing.empty()) co_return;
  co_await add(std::move(announcement));
  context_.observer.published(user_, missing.size());
  co_await await_published();
  const auto began = context_.loop.clock().moment();
  co_await accompanied(accompanied(await_visible(true), keep_asserting()), keep_telling());
  if (is_watched()) context_.observer.propagated(user_, context_.loop.clock().moment() - began);
}

/// Looks which of the values that should stand do.
Task<> Publication::recognize() {
  if (std::ranges::none_of(values_, &PlacedValue::stands)) co_return;
  std::vector<Task<>> looks;
  for (auto& [provider, expected] : expected(true)) {
    const auto found = policies_.find(provider);
    auto policy = found == policies_.end() ? dns::PropagationPolicy{} : found->second;
    policy.timeout = std::min(policy.timeout, longest_recognition);
    policy.settle = {};
    looks.push_back(dns::await_propagation(std::move(expected), std::move(policy), {}));
  }
  try {
    co_await when_all(std::move(looks));
    co_return;
  } catch (const Error& error) {
    CertificateLog(user_).info(fmt::format("the records that stay are published again: {}", error.what()));
  }
  for (auto& placed : values_) placed.stands = false;
}

Task<> Publication::add(ZoneCoordinator::Announcement announcement) {
  auto missing = values_if([](const PlacedValue& placed) { return !placed.stands; });
  try {
    published_by_ = co_await context_.zones.publish(user_, std::move(missing), std::move(announcement));
    const auto staying = values_if([](const PlacedValue& placed) { return placed.stays && !placed.stands; });
    context_.zones.leave_standing(user_, staying);
    for (const auto& value : staying) {
      CertificateLog(user_).info(fmt::format("the TXT record at {} is to stay: {}", value.name.text(), value.value));
    }
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
  co_await context_.zones.withdraw(user_, values_if([](const PlacedValue& placed) { return !placed.stays; }));
}

Task<> Publication::await_published() {
  std::set<std::pair<std::string, providers::Zone>> zones;
  for (const auto& placed : values_) zones.emplace(placed.value.provider, placed.value.zone);
  std::vector<Task<>> waits;
  for (const auto& [provider, zone] : zones) waits.push_back(context_.zones.provider(provider)->await_published(zone));
  co_await when_all(std::move(waits));
}

/// What must be visible, by provider.
std::map<std::string, std::vector<dns::Expected>> Publication::expected(bool standing_alone) const {
  std::map<std::string, std::map<dns::Name, dns::Expected>> by_provider;
  for (const auto& placed : values_) {
    if (standing_alone && !placed.stands) continue;
    auto& expected = by_provider[placed.value.provider][placed.value.name];
    expected.location = placed.location;
    const auto published_by = published_by_.find(placed.value.name);
    if (published_by != published_by_.end()) expected.change = published_by->second;
    expected.values.push_back(placed.value.value);
  }
  std::map<std::string, std::vector<dns::Expected>> all;
  for (auto& [provider, by_name] : by_provider) {
    for (auto& [name, one] : by_name) all[provider].push_back(std::move(one));
  }
  return all;
}

/// When the first authorization expires. A time in the past says nothing about one that is still pending.
std::optional<Time> Publication::end() const {
  std::optional<Time> first;
  for (const auto& placed : values_) {
    if (!placed.expires || *placed.expires <= context_.loop.clock().now()) continue;
    first = std::min(first.value_or(*placed.expires), *placed.expires);
  }
  return first;
}

/// Never waits longer than the CA does: with what is left then it could no longer look.
Task<> Publication::await_visible(bool settle) {
  const auto end = this->end();
  Duration longest = Duration::max();
  if (end) {
    const Duration left = *end - context_.loop.clock().now();
    longest = std::max(left - std::min(left / share_of_validation, longest_validation), shortest_wait);
  }
  bool is_cut = false;
  reports_.clear();
  std::vector<Task<>> waits;
  for (auto& [provider, expected] : expected(false)) {
    const auto found = policies_.find(provider);
    auto policy = found == policies_.end() ? dns::PropagationPolicy{} : found->second;
    if (!settle) policy.settle = {};
    is_cut = is_cut || policy.timeout > longest;
    policy.timeout = std::min(policy.timeout, longest);
    policy.settle = std::min(policy.settle, longest);
    const auto report = [this, provider = provider](const std::vector<dns::ServerReport>& servers) {
      note(provider, servers);
      context_.observer.looked(user_, all_reports());
    };
    const auto lost = [this] {
      are_lost_ = true;
      lost_.wake_all();
    };
    const bool is_told = settle && policy.require != dns::Require::none;
    auto wait = dns::await_propagation(std::move(expected), std::move(policy), report, lost);
    waits.push_back(is_told ? timed(provider, std::move(wait)) : std::move(wait));
  }
  try {
    co_await when_all(std::move(waits));
  } catch (const Retry& error) {
    if (!is_cut || error.cause() != dns::not_propagated) throw;
    throw Retry(
        error.cause(),
        fmt::format("{}; it was not waited for any longer, since the CA's authorization expires at {}: a "
                    "`profile` whose authorizations live longer, or `exclude` in [propagation] for a server that "
                    "lags, may help",
                    error.what(), to_rfc3339(*end)));
  }
}

/// The servers and names of a provider are the same in each report, in the same order.
void Publication::note(const std::string& provider, const std::vector<dns::ServerReport>& reports) {
  auto& before = reports_[provider];
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const auto& [server, name, ready, said, passed_over, beside] = reports[i];
    const bool is_news = before.size() != reports.size() || before[i].last_answer != said;
    if (!is_news) continue;
    CertificateLog(user_).debug(fmt::format("name server {} says for {}: {}{}{}", server.text(), name.text(), said,
                                            beside.empty() ? "" : ", beside " + beside,
                                            passed_over ? " (it is not waited for)" : ""));
  }
  before = reports;
}

/// Of all providers; without those that nobody waits for, unless there is no other.
std::vector<dns::ServerReport> Publication::all_reports() const {
  std::vector<dns::ServerReport> all;
  for (const auto& [provider, reports] : reports_) all.insert(all.end(), reports.begin(), reports.end());
  if (!std::ranges::all_of(all, &dns::ServerReport::passed_over))
    std::erase_if(all, [](const auto& each) { return each.passed_over; });
  return all;
}

/// Whom a long wait is for: after 10 s, 20 s, 40 s and so on. Never ends.
Task<> Publication::keep_telling() {
  const auto began = context_.loop.clock().moment();
  for (Duration pause = first_telling;; pause = context_.loop.clock().moment() - began) {
    co_await sleep_for(pause);
    const auto reports = all_reports();
    const auto ready = std::ranges::count_if(reports, &dns::ServerReport::ready);
    if (static_cast<std::size_t>(ready) == reports.size()) continue;
    CertificateLog(user_).info(fmt::format("after {} the DNS does not show every value yet: {}",
                                           acmed::to_text(context_.loop.clock().moment() - began),
                                           dns::laggards(reports)));
  }
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

template <class Predicate>
std::vector<ZoneValue> Publication::values_if(Predicate predicate) const {
  std::vector<ZoneValue> values;
  for (const auto& placed : values_) {
    if (predicate(placed)) values.push_back(placed.value);
  }
  return values;
}

std::vector<ZoneValue> Publication::all_values() const {
  return values_if([](const PlacedValue&) { return true; });
}

std::vector<ZoneValue> Publication::uncertain_values() const {
  return values_if([this](const PlacedValue& placed) { return assertion_pace_of(placed).has_value(); });
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
  // What stands is looked at before each order; it is not written again while nothing else is.
  if (placed.stands) return std::nullopt;
  return context_.zones.provider(placed.value.provider)->assertion_pace();
}

}  // namespace acmed::issue
