// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <unordered_set>

#include "base/calendar_step.h"
#include "base/log.h"
#include "base/runtime/calendar_watch.h"
#include "base/runtime/offload.h"
#include "base/runtime/sleep.h"
#include "daemon/keep/heedful_authority.h"
#include "daemon/part_settings.h"
#include "providers/registry.h"

namespace acmed {
namespace {

constexpr Duration shortest_rest = std::chrono::seconds(1);
constexpr Duration longest_sleep = std::chrono::hours(1);
constexpr Duration announced_ahead = std::chrono::seconds(5);
constexpr int batches_at_a_time = 2;
constexpr std::size_t examined_at_a_time = 64;  // some milliseconds of a worker thread
// Work for each of many certificates is done for so many at a time before the loop turns.
constexpr std::size_t keepers_a_turn = 32;
constexpr std::size_t names_a_turn = 1024;  // less than a millisecond
constexpr std::size_t certificates_to_trim = 1000;
/// Of --once over certificates that others have kept from being deployed.
constexpr int most_passes = 3;
constexpr Duration status_pause = std::chrono::seconds(1);
constexpr Duration longest_closing = std::chrono::seconds(10);
constexpr Duration closing_pause = std::chrono::minutes(1);
constexpr Duration orphan_pause = std::chrono::minutes(10);
constexpr Duration credentials_pause = std::chrono::hours(24);

std::list<ProviderMemory> make_memories(const config::Config& config, store::Store& store) {
  std::list<ProviderMemory> result;
  for (const auto& provider : config.providers) result.emplace_back(store, provider.name);
  return result;
}

/// `memories`: one for each provider, in the same order.
issue::Providers make_providers(const config::Config& config, Loop& loop, dns::Discovery& discovery,
                                providers::NameServers& servers, std::list<ProviderMemory>& memories) {
  providers::keep_wanted(servers, config);
  issue::Providers result;
  auto memory = memories.begin();
  for (const auto& provider : config.providers) {
    result.emplace(provider.name, providers::make_provider(provider, loop, discovery, &servers, &*memory++));
  }
  return result;
}

Task<> turn_of(Waiters* waiters) {
  co_await waiters->turn();
}

}  // namespace

Service::Service(Loop& loop, store::Store& store, store::Publisher& publisher, deploy::Actions& actions,
                 config::Config config, providers::NameServers& servers, issue::Observer& also)
    : loop_(loop),
      store_(store),
      revoker_(loop, [this](const std::string& directory_url) { return authorities_at(directory_url); }),
      revocation_lists_(loop),
      abandoned_([this](const store::AccountIdentity& account) { return askable(account); }),
      discovery_(loop, resolvers_of(config), dns::dns_port, policy_of(config.propagation).servers()),
      memories_(make_memories(config, store)),
      observers_({&log_, &also}),
      zones_(loop, make_providers(config, loop, discovery_, servers, memories_), observers_),
      context_{loop,
               store,
               publisher,
               discovery_,
               zones_,
               config.routes,
               observers_,
               crypto::software_keys(),
               loop.clock().now(),
               &revoker_,
               &revocation_lists_,
               &abandoned_},
      ledger_(store, loop.clock(), configured_limits(config)),
      deployments_(loop, actions),
      former_(store, context_, actions, abandoned_, work_),
      is_whole_(config.left_out.empty()) {
  for (const auto& [name, ca] : config.cas) {
    auto authority = std::make_unique<issue::AcmeAuthority>(loop, store, authority_settings(ca),
                                                            crypto::software_keys(), observers_);
    for (const auto& [other, known] : authorities_) {
      const bool is_one_account = known->settings().account_identity() == authority->settings().account_identity();
      if (is_one_account) authority->share_orders_under_way(*known);
    }
    authorities_.emplace(name, std::move(authority));
  }
  for (auto& provider : config.providers) {
    provider.settings = {};
    provider.propagation = config::completed(provider.propagation, config.propagation);
    providers_.push_back(std::move(provider));
  }
  wanted_ = std::move(config.certificates);
  count_ = wanted_.size();
  by_name_.reserve(count_);
}

Service::~Service() = default;

/// How each provider's values are watched for a certificate with these settings.
std::shared_ptr<const issue::Policies> Service::policies(const config::Propagation& own) {
  if (latest_policies_ == nullptr || own != latest_propagation_) {
    auto policies = std::make_shared<issue::Policies>();
    for (const auto& provider : providers_) {
      policies->emplace(provider.name, policy_of(config::completed(own, provider.propagation)));
    }
    latest_policies_ = std::move(policies);
    latest_propagation_ = own;
  }
  return latest_policies_;
}

keep::Keeper* Service::add_keeper() {
  auto& wanted = wanted_[added_++];
  auto* authority = authorities_.at(wanted.ca).get();
  std::vector<issue::Authority*> fallbacks;
  for (const auto& ca : wanted.fallback_cas) fallbacks.push_back(authorities_.at(ca).get());
  keepers_.emplace_back(context_, ledger_, deployments_,
                        keep::Wanted{{std::move(wanted.name), std::move(wanted.domains), wanted.key_type, authority,
                                      policies(wanted.propagation), std::move(wanted.group),
                                      std::move(wanted.preferred_chain), std::move(wanted.profile), wanted.challenges,
                                      wanted.persist_for, std::move(wanted.delegation), std::move(wanted.key)},
                                     wanted.renew,
                                     std::move(wanted.deploy),
                                     std::move(fallbacks),
                                     std::move(wanted.dane)});
  by_name_.emplace(keepers_.back().name(), std::prev(keepers_.end()));
  keepers_.back().tell_when_sooner(when_sooner_);
  keepers_.back().plan_in(calendar_);
  return &keepers_.back();
}

Task<std::vector<std::string>> Service::run_once(std::set<std::string> named, bool force) {
  context_.ends_when_done = true;
  co_await ledger_.load();
  co_await prepare_all(false);
  std::vector<std::string> troubles;
  std::vector<Task<>> work;
  const auto now = loop_.clock().now();
  const auto is_meant = [&named](const keep::Keeper& keeper) { return named.empty() || named.contains(keeper.name()); };
  for (auto& keeper : keepers_) {
    if (!is_meant(keeper)) continue;
    if (keeper.next(true) <= now || keeper.is_troubled()) work.push_back(attempt_once(&keeper, force));
  }
  if (named.empty()) {
    work.push_back(clear_former(&troubles));
  }
  co_await when_all(std::move(work));
  co_await attempt_again(is_meant);
  co_await within(longest_closing, abandoned_.close());
  for (auto& keeper : keepers_) {
    if (!is_meant(keeper)) continue;
    const auto own = keeper.troubles();
    troubles.insert(troubles.end(), own.begin(), own.end());
  }
  co_return troubles;
}

Task<> Service::run(bool is_first) {
  co_await ledger_.load();
  const auto here = co_await context();
  Scope scope(here);
  scope.spawn(keep_agenda(&scope));
  scope.spawn(prepare_and_tend_orphans(is_first));
  scope.spawn(tend_credentials());
  scope.spawn(tend_status());
  scope.spawn(account_changes_.tend(&scope));
  scope.spawn(tend_abandoned_orders());
  co_await scope.join();
}

/// Lets all keepers load what is remembered, a limited number at a time: each that waits for its turn costs memory.
Task<> Service::prepare_all(bool enqueue) {
  const auto announcement = deployments_.announce_any();
  std::vector<Task<>> work;
  for (int i = 0; i < batches_at_a_time; ++i) work.push_back(prepare_some(enqueue));
  co_await when_all(std::move(work));
  auto read = std::exchange(wanted_, {});
  added_ = 0;
  try {
    co_await offload([&read] { std::vector<config::Certificate>().swap(read); });
  } catch (const Error&) {
    // No thread can be had: it is freed here, in a longer turn.
  }
}

Task<> Service::prepare_some(bool enqueue) {
  while (added_ != wanted_.size()) {
    std::vector<keep::Keeper*> batch;
    std::vector<store::Expected> expected;
    while (added_ != wanted_.size() && batch.size() < examined_at_a_time) {
      batch.push_back(add_keeper());
      expected.push_back(batch.back()->expected());
    }
    auto found = co_await keep::find(context_, std::move(expected));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      auto* keeper = batch[i];
      if (!keeper->found(std::move(found[i]))) co_await keeper->prepare();
      note_trouble(keeper);
      if (!enqueue) continue;
      keeper->announce(loop_.clock().now(), true);
      // Whoever starts or reloads acmed wants failures to be retried, and wants to hear what is waiting.
      this->enqueue(keeper, keeper->is_troubled() ? Time::min() : keeper->next(true));
    }
  }
}

/// Calls each keeper when it wants to be called.
Task<> Service::keep_agenda(Scope* scope) {
  CalendarStep calendar(loop_.clock());
  const CalendarWatch watch(loop_, [this] { earlier_.wake_all(); });
  for (;;) {
    if (calendar.take() != Duration::zero()) co_await plan_anew();
    const auto now = loop_.clock().now();
    std::size_t called = 0;
    while (!agenda_.empty() && agenda_.begin()->first <= now) {
      if (++called % keepers_a_turn == 0) co_await sleep_for(Duration::zero());
      auto* keeper = agenda_.begin()->second;
      const bool asked = agenda_.begin()->first == Time::min();
      agenda_.erase(agenda_.begin());
      scope->spawn(attempt(keeper, asked));
    }
    announce_deployments(now + announced_ahead);
    // That the calendar is set meanwhile is told by the kernel; where it cannot, an hourly look finds it.
    const auto pause =
        agenda_.empty() ? longest_sleep : std::min<Duration>(agenda_.begin()->first - now, longest_sleep);
    co_await within(pause, turn_of(&earlier_));
  }
}

/// What is due in a moment shares hooks and reloads with what is due now.
void Service::announce_deployments(Time until) {
  std::size_t announced = 0;
  for (auto entry = agenda_.begin(); entry != agenda_.end() && entry->first <= until; ++entry) {
    if (++announced > names_a_turn) break;
    entry->second->announce(until, false);
  }
}

/// The calendar was set: what was planned by the former one may be years away.
Task<> Service::plan_anew() {
  log::warning("the clock was set: it is looked at anew when each certificate is due");
  const auto former = std::exchange(agenda_, {});
  std::size_t looked_at = 0;
  for (const auto& [time, keeper] : former) {
    if (++looked_at % names_a_turn == 0) co_await sleep_for(Duration::zero());
    enqueue(keeper, keeper->is_troubled() ? loop_.clock().now() : std::min(time, keeper->next(false)));
  }
}

void Service::enqueue(keep::Keeper* keeper, Time time) {
  if (asked_.contains(keeper)) time = Time::min();
  const auto place = agenda_.emplace(time, keeper);
  if (place == agenda_.begin()) earlier_.wake_all();
  changed_ = true;
  change_.wake_all();
}

Task<> Service::attempt(keep::Keeper* keeper, bool asked) {
  Time next{};
  auto wishes = asked_.extract(keeper);
  keep::Wish all;
  all.asked = asked;
  if (wishes) {
    for (const auto& each : wishes.mapped()) all.add(each.wish());
  }
  {
    const WorkInProgress::Part part(work_);
    next = co_await keeper->attempt(std::move(all));
  }
  note_trouble(keeper);
  const auto failures = keeper->take_failures();
  if (wishes) {
    for (auto& each : wishes.mapped()) each.end(failures);
  }
  enqueue(keeper, std::max(next, loop_.clock().now() + shortest_rest));
}

Task<> Service::attempt_once(keep::Keeper* keeper, bool force) {
  const WorkInProgress::Part part(work_);
  keep::Wish wish;
  wish.asked = true;
  wish.force = force;
  co_await keeper->attempt(std::move(wish));
}

/// Those for which others of the same service had to be deployed first, and those of which the CA has just suggested to
/// renew them by now: nobody knows when the next run is.
Task<> Service::attempt_again(std::function<bool(const keep::Keeper&)> is_meant) {
  for (int pass = 0; pass < most_passes; ++pass) {
    std::vector<Task<>> work;
    for (auto& keeper : keepers_) {
      if (is_meant(keeper) && keeper.next(false) <= loop_.clock().now()) work.push_back(attempt_once(&keeper, false));
    }
    if (work.empty()) co_return;
    co_await when_all(std::move(work));
  }
}

/// Maintains what status() reports, so that one attempt costs nothing that grows with the number of certificates.
void Service::note_trouble(keep::Keeper* keeper) {
  if (keeper->is_troubled()) {
    failing_.insert(keeper->name());
  } else {
    failing_.erase(keeper->name());
  }
}

/// It is looked at now. One that is being looked at says itself when it is next.
void Service::bring_forward(const std::string& name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) hasten(&*found->second, loop_.clock().now());
}

Task<> Service::tend_status() {
  for (;;) {
    while (!changed_) co_await change_.turn();
    changed_ = false;
    if (on_change) on_change();
    co_await sleep_for(status_pause);
  }
}

/// Null while the CA wants to be left alone.
issue::Authority* Service::askable(const store::AccountIdentity& account) const {
  for (const auto& [name, authority] : authorities_) {
    if (authority->settings().account_identity() != account) continue;
    const bool is_closed = ledger_.closed_until(account.directory_url, std::nullopt).has_value();
    return is_closed ? nullptr : authority.get();
  }
  return nullptr;
}

/// Only while nothing else is done.
Task<> Service::tend_abandoned_orders() {
  for (;;) {
    co_await abandoned_.any_added();
    co_await work_.none();
    {
      const WorkInProgress::Part part(work_);
      co_await within(longest_closing, abandoned_.close());
    }
    co_await sleep_for(closing_pause);
  }
}

/// Which certificates are orphans is known once all configured ones are loaded.
Task<> Service::prepare_and_tend_orphans(bool is_first) {
  co_await prepare_all(true);
  // Reading the configuration took far more memory than is kept. Later, when much else has come and gone, returning it
  // takes too long for the loop: a reload does so where it reads.
  if (is_first) malloc_trim(0);
  co_await tend_orphans();
}

Task<> Service::clear_former(std::vector<std::string>* troubles) {
  const FormerConfiguration::Configured configured{
      is_whole_, [this](const std::string& certificate) { return by_name_.contains(certificate); },
      [this](const deploy::TargetName& target) {
        const auto keeper = by_name_.find(target.certificate);
        return keeper != by_name_.end() && keeper->second->has_target(target.target);
      }};
  auto found = co_await former_.clear(configured);
  std::ranges::move(found, std::back_inserter(*troubles));
}

Task<> Service::tend_orphans() {
  for (;;) {
    std::vector<std::string> troubles;
    co_await clear_former(&troubles);
    if (troubles.empty()) co_return;
    for (const auto& trouble : troubles) log::warning(trouble);
    co_await sleep_for(orphan_pause);
  }
}

/// Checks at once, so that a wrong credential is noticed on the day it is configured, and then once a day.
Task<> Service::tend_credentials() {
  for (;;) {
    std::vector<std::string> warnings;
    {
      const WorkInProgress::Part part(work_);
      warnings = co_await credentials_.check_all();
    }
    for (const auto& warning : warnings) log::warning(warning);
    co_await sleep_for(credentials_pause);
  }
}

std::vector<issue::AcmeAuthority*> Service::authorities_at(const std::string& directory_url) const {
  std::vector<issue::AcmeAuthority*> all;
  for (const auto& [name, authority] : authorities_) {
    if (authority->settings().directory_url == directory_url) all.push_back(authority.get());
  }
  return all;
}

void Service::rest() {
  revocation_lists_.rest();
  for (const auto& [name, authority] : authorities_) authority->rest();
  for (const auto& [name, provider] : zones_.providers()) provider->rest();
  discovery_.forget();
  // It returns the same few megabytes however many certificates there are, but takes longer the more there are.
  if (count_ <= certificates_to_trim) malloc_trim(0);
}

Task<> Service::close() {
  std::vector<Task<>> ends;
  for (const auto& [name, provider] : zones_.providers()) ends.push_back(provider->close());
  co_await when_all(std::move(ends));
  asked_.clear();
  while (!agenda_.empty()) {
    for (std::size_t i = 0; i < names_a_turn && !agenda_.empty(); ++i) agenda_.erase(agenda_.begin());
    co_await sleep_for(Duration::zero());
  }
  while (!keepers_.empty()) {
    for (std::size_t i = 0; i < keepers_a_turn && !keepers_.empty(); ++i) {
      by_name_.erase(keepers_.front().name());
      keepers_.pop_front();
    }
    co_await sleep_for(Duration::zero());
  }
}

std::string Service::status() const {
  auto text = fmt::format("{} certificate{}", count_, count_ == 1 ? "" : "s");
  const auto next = agenda_.lower_bound(Time::min() + shortest_rest);  // earlier entries are in progress
  if (next != agenda_.end() && next->first != Time::max()) text += ", next look at " + to_rfc3339(next->first);
  if (failing_.size() == 1) text += ", failing: " + *failing_.begin();
  if (failing_.size() > 1) text += fmt::format(", {} failing: {} and others", failing_.size(), *failing_.begin());
  return text;
}

std::optional<control::Due> Service::next() const {
  const auto next = agenda_.lower_bound(Time::min() + shortest_rest);  // earlier entries are in progress
  if (next == agenda_.end() || next->first == Time::max()) return std::nullopt;
  return control::Due{next->second->name(), next->first};
}

Task<control::Outcome> Service::attempt(std::string name, bool force) {
  keep::Wish wish;
  wish.asked = true;
  wish.force = force;
  return carry_out(std::move(name), std::move(wish));
}

Task<control::Outcome> Service::renew(std::string name, bool force) {
  keep::Wish wish;
  wish.asked = true;
  wish.renew = true;
  wish.force = force;
  return carry_out(std::move(name), std::move(wish));
}

Task<control::Outcome> Service::deploy(std::string name, std::set<std::string> targets) {
  keep::Wish wish;
  wish.asked = true;
  wish.deploy = true;
  wish.targets = std::move(targets);
  return carry_out(std::move(name), std::move(wish));
}

Task<control::Outcome> Service::change_account(std::string ca, control::AccountChange change) {
  return account_changes_.ask(std::move(ca), change);
}

Task<control::Outcome> Service::revoke(std::string name, control::RevocationWish wanted) {
  keep::Wish wish;
  wish.asked = true;
  wish.revocations.push_back({wanted.generation, std::move(wanted.reason), wanted.replace});
  return carry_out(std::move(name), std::move(wish));
}

/// What the CA refused may have been for want of that account.
Task<> Service::try_again_with(store::AccountIdentity account) {
  const auto failing = failing_;
  std::unordered_set<keep::Keeper*> refused;
  std::size_t looked_at = 0;
  for (const auto& name : failing) {
    if (++looked_at % names_a_turn == 0) co_await sleep_for(Duration::zero());
    const auto found = by_name_.find(name);
    if (found != by_name_.end() && found->second->uses(account)) refused.insert(&*found->second);
  }
  // Those in progress are enqueued when they end: they may have met the new account already.
  std::vector<keep::Keeper*> waiting;
  std::erase_if(agenda_, [&](const auto& entry) {
    if (!refused.contains(entry.second)) return false;
    waiting.push_back(entry.second);
    return true;
  });
  for (auto* keeper : waiting) enqueue(keeper, Time::min());
}

/// Done by the next attempt, which begins at once unless one is in progress. Whoever waits may outlive this service.
Task<control::Outcome> Service::carry_out(std::string name, keep::Wish wish) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    throw Retry("control:starting",
                fmt::format("what is remembered of {} is not read yet: ask again in a moment", name));
  }
  auto* keeper = &*found->second;
  Asked asked(std::move(wish));
  const auto result = asked.result();
  asked_[keeper].push_back(std::move(asked));
  hasten(keeper, Time::min());
  co_await result->done.wait();
  if (result->failure) std::rethrow_exception(result->failure);
  co_return result->outcome;
}

/// Looked for from the beginning: a person asks seldom, and an index would cost memory for all.
void Service::hasten(keep::Keeper* keeper, Time time) {
  const auto place = std::ranges::find(agenda_, keeper, &std::pair<const Time, keep::Keeper*>::second);
  if (place == agenda_.end()) return;  // in progress, or not read yet: it is enqueued soon
  agenda_.erase(place);
  enqueue(keeper, time);
}

}  // namespace acmed
