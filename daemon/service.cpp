// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/sleep.h"
#include "base/secret_list.h"
#include "daemon/issue/persistence.h"
#include "daemon/issue/tlsa_records.h"
#include "providers/registry.h"

namespace acmed {
namespace {

constexpr Duration shortest_rest = std::chrono::seconds(1);
constexpr Duration longest_sleep = std::chrono::hours(1);
constexpr Duration announced_ahead = std::chrono::seconds(5);
constexpr Duration clock_step = std::chrono::minutes(1);
constexpr int batches_at_a_time = 2;
constexpr std::size_t examined_at_a_time = 64;  // some milliseconds of a worker thread
// Work for each of many certificates is done for so many at a time before the loop turns.
constexpr std::size_t keepers_a_turn = 32;
constexpr std::size_t names_a_turn = 1024;  // less than a millisecond
constexpr std::size_t certificates_to_trim = 1000;
/// Of --once over certificates that others have kept from being deployed.
constexpr int most_passes = 3;
constexpr Duration status_pause = std::chrono::seconds(1);
constexpr Duration orphan_pause = std::chrono::minutes(10);
constexpr Duration credentials_pause = std::chrono::hours(24);
constexpr std::size_t generations_told = 3;  // as many are kept
constexpr std::size_t longest_issuer = 200;

std::vector<dns::Endpoint> endpoints(const std::vector<std::string>& texts) {
  std::vector<dns::Endpoint> result;
  for (const auto& text : texts) {
    if (const auto endpoint = dns::Endpoint::parse(text)) result.push_back(*endpoint);
  }
  return result;
}

std::vector<dns::Exclusion> exclusions(const std::vector<std::string>& texts) {
  std::vector<dns::Exclusion> result;
  for (const auto& text : texts) {
    if (auto exclusion = dns::Exclusion::parse(text)) result.push_back(*std::move(exclusion));
  }
  return result;
}

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

issue::AuthoritySettings authority_settings(const config::Ca& ca) {
  acme::NewAccount account{ca.contact, ca.terms_agreed, std::nullopt};
  if (ca.external_account) {
    account.external_account = acme::ExternalAccountBinding{ca.external_account->key_id, ca.external_account->hmac_key};
  }
  return {ca.name,        ca.directory, ca.trust_pem,        std::move(account),
          ca.account_key, ca.profile,   ca.profile_required, ca.preferred_chain,
          ca.concurrency, ca.hosts,     ca.has_common_name,  ca.brought_key,
          ca.account};
}

dns::Require require_of(config::Propagation::Require require) {
  switch (require) {
    case config::Propagation::Require::quorum:
      return dns::Require::quorum;
    case config::Propagation::Require::none:
      return dns::Require::none;
    case config::Propagation::Require::all:
      break;
  }
  return dns::Require::all;
}

Task<> turn_of(Waiters* waiters) {
  co_await waiters->turn();
}

}  // namespace

dns::PropagationPolicy policy_of(const config::Propagation& propagation) {
  dns::PropagationPolicy policy;
  policy.timeout = propagation.timeout.value_or(policy.timeout);
  policy.settle = propagation.settle.value_or(policy.settle);
  policy.interval_max = propagation.interval_max.value_or(policy.interval_max);
  if (propagation.require) policy.require = require_of(*propagation.require);
  if (propagation.exclude) policy.exclude = exclusions(*propagation.exclude);
  if (propagation.extra) policy.extra = endpoints(*propagation.extra);
  return policy;
}

dns::Resolvers resolvers_of(const config::Config& config) {
  return config.resolvers.empty() ? dns::Resolvers::of_system() : dns::Resolvers(endpoints(config.resolvers));
}

/// What becomes of a wish.
struct Service::Result {
  control::Outcome outcome;
  std::exception_ptr failure;
  Event done;
};

/// A wish that is to be carried out. However that ends, who waits for its result hears of it.
class Service::Asked {
 public:
  explicit Asked(keep::Wish wish) : wish_(std::move(wish)), result_(std::make_shared<Result>()) {}
  Asked(Asked&&) = default;
  Asked& operator=(Asked&&) = default;
  ~Asked() {
    if (!result_ || result_->done.is_set()) return;
    result_->failure = std::make_exception_ptr(Retry(
        "control:replaced", "another configuration was put in force, or acmed ended, before this was done: ask again"));
    result_->done.set();
  }

  const keep::Wish& wish() const noexcept { return wish_; }
  const std::shared_ptr<Result>& result() const noexcept { return result_; }
  void end(control::Outcome outcome) {
    result_->outcome = std::move(outcome);
    result_->done.set();
  }
  void fail(std::exception_ptr failure) {
    result_->failure = std::move(failure);
    result_->done.set();
  }

 private:
  keep::Wish wish_;
  std::shared_ptr<Result> result_;
};

/// Something that is to be done with the account at a CA.
struct Service::AccountWish {
  issue::AcmeAuthority* authority;
  control::AccountChange change;
  Asked asked;
};

/// While one exists, work is in progress; when the last one ends, memory needed only for that is freed.
class Service::Busy {
 public:
  explicit Busy(Service& service) : service_(service) { ++service_.busy_; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    if (--service_.busy_ == 0) service_.rest();
  }

 private:
  Service& service_;
};

Service::Service(Loop& loop, store::Store& store, store::Publisher& publisher, deploy::Actions& actions,
                 config::Config config, providers::NameServers& servers, issue::Observer& also)
    : loop_(loop),
      store_(store),
      revoker_(loop, [this](const std::string& directory_url) { return authorities_at(directory_url); }),
      revocation_lists_(loop),
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
               &revocation_lists_},
      ledger_(store, loop.clock()),
      actions_(actions),
      deployments_(loop, actions) {
  for (const auto& [name, ca] : config.cas) {
    authorities_.emplace(name, std::make_unique<issue::AcmeAuthority>(loop, store, authority_settings(ca),
                                                                      crypto::software_keys(), observers_));
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
    work.push_back(clear_orphans(&troubles));
    work.push_back(clear_former_targets(&troubles));
  }
  co_await when_all(std::move(work));
  co_await attempt_again(is_meant);
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
  scope.spawn(tend_accounts(&scope));
  co_await scope.join();
}

/// Lets all keepers load what is remembered, a limited number at a time: each that waits for its turn costs memory.
Task<> Service::prepare_all(bool enqueue) {
  const auto announcement = deployments_.announce_any();
  std::vector<Task<>> work;
  for (int i = 0; i < batches_at_a_time; ++i) work.push_back(prepare_some(enqueue));
  co_await when_all(std::move(work));
  std::vector<config::Certificate>().swap(wanted_);
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
  auto calendar = calendar_offset();
  for (;;) {
    if (const auto offset = calendar_offset(); std::chrono::abs(offset - calendar) > clock_step) {
      calendar = offset;
      co_await plan_anew();
    }
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
    // The calendar may be set meanwhile: it is checked every hour.
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

/// By how much the calendar is ahead of the time since some fixed moment.
Duration Service::calendar_offset() const {
  return loop_.clock().now().time_since_epoch() - loop_.clock().moment().time_since_epoch();
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
    const Busy busy(*this);
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
  const Busy busy(*this);
  keep::Wish wish;
  wish.asked = true;
  wish.force = force;
  co_await keeper->attempt(std::move(wish));
}

/// Those for which others of the same service had to be deployed first.
Task<> Service::attempt_again(std::function<bool(const keep::Keeper&)> is_meant) {
  for (int pass = 0; pass < most_passes; ++pass) {
    std::vector<Task<>> work;
    for (auto& keeper : keepers_) {
      if (is_meant(keeper) && keeper.is_troubled() && keeper.next(false) <= loop_.clock().now()) {
        work.push_back(attempt_once(&keeper, false));
      }
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

/// Withdraws what certificates that are no longer configured left in the DNS.
Task<> Service::clear_orphans(std::vector<std::string>* troubles) {
  std::vector<std::string> names;
  try {
    names = co_await store_.certificate_names();
  } catch (const Error& error) {
    troubles->emplace_back(error.what());
  }
  std::size_t looked_at = 0;
  for (const auto& name : names) {
    if (++looked_at % names_a_turn == 0) co_await sleep_for(Duration::zero());
    if (by_name_.contains(name)) continue;
    try {
      const auto claim = co_await store_.claim(name);
      auto state = co_await store_.load_certificate(name);
      issue::let_go(state, [](const store::PersistentRecord&) { return true; });
      if (state.values.empty() && !state.dane) continue;
      const Busy busy(*this);
      if (state.dane) {
        issue::TlsaRecords records(context_, name, nullptr);
        co_await records.withdraw(state.dane->values);
        state.dane.reset();
        state.revision = co_await store_.save_certificate(name, state);
      }
      state.order.reset();
      issue::Journey journey(context_, {name, {}, {}, nullptr, {}}, state);
      co_await journey.withdraw_leftovers();
    } catch (const Error& error) {
      troubles->push_back(fmt::format("{}: no longer configured, but not yet cleaned up: {}", name, error.what()));
    }
  }
}

/// Takes back what was under way, when a process ended, to targets that are no longer configured.
Task<> Service::clear_former_targets(std::vector<std::string>* troubles) {
  std::vector<deploy::TargetName> interrupted;
  try {
    interrupted = co_await actions_.interrupted();
  } catch (const Error& error) {
    troubles->emplace_back(error.what());
  }
  for (const auto& each : interrupted) {
    const auto keeper = std::ranges::find(keepers_, each.certificate, &keep::Keeper::name);
    if (keeper != keepers_.end() && keeper->has_target(each.target)) continue;
    try {
      co_await actions_.take_back(each);
    } catch (const Error& error) {
      troubles->push_back(fmt::format("{}: target {}: no longer configured, but not yet cleaned up: {}",
                                      each.certificate, each.target, error.what()));
    }
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

Task<> Service::tend_orphans() {
  for (;;) {
    std::vector<std::string> troubles;
    co_await clear_orphans(&troubles);
    co_await clear_former_targets(&troubles);
    if (troubles.empty()) co_return;
    for (const auto& trouble : troubles) log::warning(trouble);
    co_await sleep_for(orphan_pause);
  }
}

/// A failure is only a warning here: whether it matters will show when the next certificate is issued.
Task<> Service::check_credentials(std::string provider, std::vector<std::string>* warnings) {
  std::optional<std::string> warning;
  try {
    warning = co_await zones_.provider(provider)->check_credentials();
  } catch (const Error& error) {
    warning = error.what();
  }
  provider_troubles_.erase(provider);
  if (!warning) co_return;
  provider_troubles_.emplace(provider, *warning);
  warnings->push_back(*std::move(warning));
}

/// Checks at once, so that a wrong credential is noticed on the day it is configured, and then once a day.
Task<> Service::tend_credentials() {
  for (;;) {
    std::vector<std::string> warnings;
    {
      const Busy busy(*this);
      std::vector<Task<>> checks;
      for (const auto& [name, provider] : zones_.providers()) checks.push_back(check_credentials(name, &warnings));
      co_await when_all(std::move(checks));
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
  agenda_.clear();
  asked_.clear();
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

/// Those that are not read yet are told as what the configuration says.
keep::CertificateView Service::view_of(const config::Certificate& unread) {
  keep::CertificateView view;
  view.name = unread.name;
  view.domains = unread.domains;
  view.ca = unread.ca;
  view.key_type = unread.key_type_text();
  return view;
}

std::optional<keep::CertificateView> Service::certificate(const std::string& name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return found->second->view();
  for (auto i = added_; i < wanted_.size(); ++i) {
    if (wanted_[i].name == name) return view_of(wanted_[i]);
  }
  return std::nullopt;
}

Service::Keepers::iterator Service::after(const std::string& name) {
  if (name.empty()) return keepers_.begin();
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? keepers_.end() : std::next(found->second);
}

/// At a start, those that are not read yet follow the others.
std::size_t Service::first_unread_after(const std::string& name) const {
  if (name.empty() || by_name_.contains(name)) return added_;
  for (auto i = added_; i < wanted_.size(); ++i) {
    if (wanted_[i].name == name) return i + 1;
  }
  return wanted_.size();
}

std::vector<keep::CertificateView> Service::certificates_after(const std::string& name, std::size_t most) {
  std::vector<keep::CertificateView> views;
  for (auto keeper = after(name); keeper != keepers_.end() && views.size() < most; ++keeper) {
    views.push_back(keeper->view());
  }
  for (auto i = first_unread_after(name); i < wanted_.size() && views.size() < most; ++i) {
    views.push_back(view_of(wanted_[i]));
  }
  return views;
}

std::vector<std::pair<std::string, keep::State>> Service::states_after(const std::string& name, std::size_t most) {
  std::vector<std::pair<std::string, keep::State>> states;
  for (auto keeper = after(name); keeper != keepers_.end() && states.size() < most; ++keeper) {
    states.emplace_back(keeper->name(), keeper->state());
  }
  for (auto i = first_unread_after(name); i < wanted_.size() && states.size() < most; ++i) {
    states.emplace_back(wanted_[i].name, keep::State::waiting);
  }
  return states;
}

Task<std::vector<control::GenerationView>> Service::generations(std::string name) {
  std::vector<control::GenerationView> views;
  const auto found = by_name_.find(name);
  const auto live = found == by_name_.end() ? std::nullopt : found->second->view().live;
  if (!live) co_return views;
  auto* store = &store_;
  for (unsigned number = live->generation; number > 0 && views.size() < generations_told; --number) {
    const auto meta = co_await store->generation_meta(name, number);
    if (meta.serial.empty()) break;
    control::GenerationView view;
    view.generation = number;
    view.serial = meta.serial;
    view.issuer = fit_to_show(meta.issuer, longest_issuer);
    view.not_before = meta.not_before;
    view.not_after = meta.not_after;
    view.issued_at = meta.issued_at;
    if (const auto again = by_name_.find(name); again != by_name_.end()) view.revoked = again->second->revoked(number);
    views.push_back(std::move(view));
  }
  co_return views;
}

std::vector<keep::CertificateView> Service::troubled() {
  std::vector<keep::CertificateView> views;
  for (const auto& name : failing_) {
    if (const auto found = by_name_.find(name); found != by_name_.end()) views.push_back(found->second->view());
  }
  return views;
}

notify::Watched::Condition Service::condition(const std::string& certificate) {
  if (const auto found = by_name_.find(certificate); found != by_name_.end()) {
    auto& keeper = *found->second;
    if (keeper.state() == keep::State::working) return Condition::unknown;
    if (keeper.is_troubled()) return Condition::troubled;
    return keeper.is_loaded() ? Condition::well : Condition::unknown;
  }
  const auto unread = std::ranges::subrange(wanted_.begin() + static_cast<std::ptrdiff_t>(added_), wanted_.end());
  return std::ranges::find(unread, certificate, &config::Certificate::name) == unread.end() ? Condition::gone
                                                                                            : Condition::unknown;
}

std::optional<control::Due> Service::next() const {
  const auto next = agenda_.lower_bound(Time::min() + shortest_rest);  // earlier entries are in progress
  if (next == agenda_.end() || next->first == Time::max()) return std::nullopt;
  return control::Due{next->second->name(), next->first};
}

std::vector<control::CaView> Service::cas() const {
  std::vector<control::CaView> views;
  for (const auto& [name, authority] : authorities_) {
    const auto& url = authority->settings().directory_url;
    views.push_back({name, url, ledger_.asked_until(url)});
  }
  return views;
}

std::vector<control::ProviderView> Service::providers() const {
  std::vector<control::ProviderView> views;
  for (const auto& provider : providers_) {
    control::ProviderView view;
    view.name = provider.name;
    view.type = provider.type;
    view.place = provider.place;
    view.zones = provider.zones;
    view.credential_until = zones_.provider(provider.name)->credential_end();
    const auto trouble = provider_troubles_.find(provider.name);
    if (trouble != provider_troubles_.end()) view.trouble = trouble->second;
    views.push_back(std::move(view));
  }
  return views;
}

Task<std::vector<control::AccountView>> Service::accounts() {
  std::vector<std::pair<std::string, store::AccountIdentity>> wanted;
  for (const auto& [name, authority] : authorities_)
    wanted.emplace_back(name, authority->settings().account_identity());
  auto* store = &store_;
  std::vector<control::AccountView> views;
  for (const auto& [ca, identity] : wanted) {
    const auto account = co_await store->load_account(identity);
    control::AccountView view;
    view.ca = ca;
    view.directory_url = identity.directory_url;
    view.key_type = identity.key_type;
    view.external_account = identity.external_account;
    view.label = identity.label;
    if (account) {
      view.url = account->url;
      view.contact = account->contact.value_or(std::vector<std::string>());
      view.deactivated = account->deactivated;
      if (account->registered != Time{}) view.registered = account->registered;
    }
    views.push_back(std::move(view));
  }
  co_return views;
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

Task<control::Outcome> Service::revoke(std::string name, control::RevocationWish wanted) {
  keep::Wish wish;
  wish.asked = true;
  wish.revocations.push_back({wanted.generation, std::move(wanted.reason), wanted.replace});
  return carry_out(std::move(name), std::move(wish));
}

/// Carried out by this service's own tasks: whoever waits may outlive it.
Task<control::Outcome> Service::change_account(std::string ca, control::AccountChange change) {
  const auto found = authorities_.find(ca);
  if (found == authorities_.end()) throw Refused("control:unknown", fmt::format("no CA is named \"{}\"", ca));
  Asked asked{keep::Wish()};
  const auto result = asked.result();
  account_wishes_.push_back({found->second.get(), change, std::move(asked)});
  account_wished_.wake_all();
  co_await result->done.wait();
  if (result->failure) std::rethrow_exception(result->failure);
  co_return result->outcome;
}

Task<> Service::tend_accounts(Scope* scope) {
  for (;;) {
    while (account_wishes_.empty()) co_await account_wished_.turn();
    auto wishes = std::exchange(account_wishes_, {});
    for (auto& wish : wishes) scope->spawn(carry_out_for_account(std::move(wish)));
  }
}

Task<> Service::carry_out_for_account(AccountWish wish) {
  const Busy busy(*this);
  try {
    co_await change(wish.authority, wish.change);
    wish.asked.end({});
  } catch (const Error&) {
    wish.asked.fail(std::current_exception());
  }
}

/// Several [ca.NAME] may share the account.
Task<> Service::change(issue::AcmeAuthority* authority, control::AccountChange change) {
  std::vector<issue::AcmeAuthority*> sharing;
  for (const auto& [name, other] : authorities_) {
    if (other->settings().account_identity() == authority->settings().account_identity())
      sharing.push_back(other.get());
  }
  if (change == control::AccountChange::roll_key) {
    for (auto* each : sharing) co_await each->none_is_proved();
  }
  std::exception_ptr failure;
  try {
    auto& account = authority->account();
    if (change == control::AccountChange::roll_key) co_await account.roll_key();
    if (change == control::AccountChange::deactivate) co_await account.deactivate();
    if (change == control::AccountChange::create) co_await account.create();
  } catch (const Error&) {
    failure = std::current_exception();
  }
  for (auto* each : sharing) {
    if (each != authority) each->account().read_anew();
  }
  if (failure) std::rethrow_exception(failure);
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
