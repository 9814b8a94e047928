// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/keeper.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/log.h"
#include "base/runtime/scope.h"
#include "daemon/issue/observer.h"
#include "daemon/renew/due.h"

namespace acmed::keep {
namespace {

double chance() {
  const auto bytes = crypto::random_bytes(2);
  return static_cast<unsigned char>(bytes[0]) / 256.0 + static_cast<unsigned char>(bytes[1]) / 65536.0;
}

Error error_in(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& ours) {
    return ours;
  } catch (const std::exception& other) {
    return Retry("internal", other.what());
  }
}

/// What a person has to know who reads `error`: that a limit lies beyond the end of the certificate in service.
Error told_with_end(const Error& error, std::optional<Time> end, Time now) {
  if (!end || !error.not_before() || *error.not_before() <= *end) return error;
  const auto sentence = *end > now ? fmt::format(
                                         "{}; the certificate in service ends before that, at {}: acmed tries "
                                         "again sooner",
                                         error.what(), to_rfc3339(*end))
                                   : fmt::format(
                                         "{}; the certificate in service has ended at {}: acmed tries again "
                                         "sooner",
                                         error.what(), to_rfc3339(*end));
  return {error.advice(), error.cause(), sentence, error.not_before(), error.party()};
}

}  // namespace

Keeper::Keeper(issue::JourneyContext& context, renew::Ledger& ledger, deploy::DeploymentCoordinator& deployments,
               Wanted wanted)
    : kept_{context, ledger, deployments, std::move(wanted)},
      loading_(kept_),
      leftovers_(kept_),
      recording_(kept_),
      issuing_(kept_, leftovers_, recording_),
      persistent_records_(kept_),
      renewal_information_(kept_),
      revoking_(kept_, recording_),
      revocation_check_(kept_, recording_),
      dane_(kept_),
      duties_{&issuing_,  &persistent_records_,  &leftovers_,        &recording_,
              &revoking_, &renewal_information_, &revocation_check_, &dane_} {
  for (const auto& target : kept_.wanted.targets) {
    duties_.push_back(&deployments_.emplace_back(kept_, target, recording_));
  }
}

Task<> Keeper::prepare() {
  if (is_ready(loading_)) co_await perform(&loading_);
  if (kept_.loaded) forget_former_troubles();  // next() relies on it
}

bool Keeper::found(Found found) {
  const bool is_all = loading_.found(std::move(found));
  if (is_all) forget_former_troubles();
  return is_all;
}

/// While it exists, something is being done.
class Keeper::Working {
 public:
  Working(Keeper& keeper, const Wish& wish) : keeper_(keeper) {
    keeper_.kept_.asked = wish.asked;
    keeper_.kept_.forced = wish.force;
    keeper_.kept_.is_worked_on = true;
    keeper_.kept_.context.observer.began(keeper_.name());
  }
  Working(const Working&) = delete;
  Working& operator=(const Working&) = delete;
  ~Working() {
    keeper_.kept_.is_worked_on = false;
    keeper_.kept_.asked = false;
    keeper_.kept_.forced = false;
    keeper_.kept_.context.observer.ended(keeper_.name());
  }

 private:
  Keeper& keeper_;
};

Task<Time> Keeper::attempt(bool asked) {
  Wish wish;
  wish.asked = asked;
  return attempt(std::move(wish));
}

Task<Time> Keeper::attempt(Wish wish) {
  failures_.reset();
  const bool asked = wish.asked;
  const Working working(*this, wish);
  announce(kept_.now(), asked);
  const auto claim = co_await kept_.context.store.claim(name());
  co_await prepare();
  want(wish);
  if (!wish.revocations.empty()) co_await take_revocations(std::move(wish.revocations));
  announce(kept_.now(), asked);
  std::vector<Duty*> failed;
  std::exception_ptr cancelled;
  try {
    for (const auto& duties : in_order()) co_await perform_ready(duties, &failed);
  } catch (const Cancelled&) {
    cancelled = std::current_exception();
  }
  co_await record_rest(&failed);
  if (cancelled) std::rethrow_exception(cancelled);
  for (auto& deployment : deployments_) deployment.forget_announcement();
  if (asked) tell_what_waits();
  tell_what_was_not_done();
  co_return next(false);
}

void Keeper::note_failure(TroubleView failure) {
  if (!failures_) failures_ = std::vector<TroubleView>();
  failures_->push_back(std::move(failure));
}

std::vector<TroubleView> Keeper::take_failures() {
  auto taken = std::exchange(failures_, {});
  return taken ? std::move(*taken) : std::vector<TroubleView>();
}

void Keeper::want(const Wish& wish) {
  if (!kept_.loaded) return;
  issuing_.want(wish.renew);
  for (auto& deployment : deployments_) {
    deployment.want(wish.deploy && (wish.targets.empty() || wish.targets.contains(deployment.target())));
  }
}

Task<> Keeper::take_revocations(std::vector<RevocationWish> wishes) {
  if (!kept_.loaded) co_return;
  for (auto& wish : wishes) {
    std::exception_ptr failure;
    try {
      co_await revoking_.take(std::move(wish));
    } catch (const Error&) {
      failure = std::current_exception();
    }
    if (!failure) continue;
    const auto error = error_in(failure);
    forget_if_outdated(error);
    TroubleView told;
    told.what = revoking_.name();
    told.sentence = error.what();
    told.cause = error.cause();
    told.party = error.party();
    told.since = kept_.now();
    told.failures = 1;
    told.next_try = Time::max();
    note_failure(std::move(told));
  }
}

bool Keeper::has_failed(const Duty& duty) const {
  return failures_ &&
         std::ranges::any_of(*failures_, [name = duty.name()](const auto& each) { return each.what == name; });
}

/// What was wanted and cannot be done now ends with the attempt: whoever asked hears why.
void Keeper::tell_what_was_not_done() {
  for (auto* duty : duties_) {
    if (!duty->is_wanted()) continue;
    const auto wait = duty->wait();
    auto why = why_it_waits(*duty);
    duty->want(false);
    if (has_failed(*duty)) continue;
    TroubleView failure;
    failure.what = duty->name();
    failure.cause = "control:waits";
    failure.sentence = std::move(why);
    if (failure.sentence.empty()) failure.sentence = "there is nothing to deploy yet: no certificate has been issued";
    // What is wanted before its time is not due when the wait ends.
    failure.next_try = wait && duty->due() > kept_.now() ? wait->until : next_of(*duty, false);
    note_failure(std::move(failure));
  }
  if (!kept_.loaded && loading_.trouble() && !failures_) {
    note_failure(view_of(loading_.name(), *loading_.trouble()));
  }
}

/// The deployments are performed side by side: several may have to be tested together. What is to be revoked at once
/// is so before another one is issued, and what another one has to replace first afterwards. The key of the next
/// certificate is announced before that is ordered, and the one after it when services have the former.
std::vector<std::vector<Duty*>> Keeper::in_order() {
  std::vector<Duty*> deployments;
  for (auto& deployment : deployments_) deployments.push_back(&deployment);
  std::vector<Duty*> ahead;
  if (issuing_.due() <= kept_.now() || issuing_.is_wanted()) ahead.push_back(&dane_);
  return {{&revoking_},        std::move(ahead),       {&issuing_}, {&persistent_records_}, {&leftovers_},
          {&recording_},       std::move(deployments), {&dane_},    {&revoking_},           {&renewal_information_},
          {&revocation_check_}};
}

/// Performs those of `duties` that are due and have not failed in this attempt, side by side. `failed`: those that met
/// a failure of others.
Task<> Keeper::perform_ready(std::vector<Duty*> duties, std::vector<Duty*>* failed) {
  if (!kept_.loaded) co_return;
  std::vector<Task<>> work;
  for (auto* duty : duties) {
    const bool is_over = std::ranges::find(*failed, duty) != failed->end() || has_failed(*duty);
    if (is_ready(*duty) && !is_over) work.push_back(perform(duty));
  }
  co_await when_all(std::move(work));
  if (kept_.loaded) co_await remember_met(failed);
}

/// A failure that a duty ran into is another one's to retry, but not in the same run.
Task<> Keeper::remember_met(std::vector<Duty*>* failed) {
  for (auto* other : duties_) {
    if (const auto met = other->take_met()) {
      failed->push_back(other);
      co_await remember(other, met);
    }
  }
}

/// An attempt leaves nothing that is not on disk, also when it is called off: one save for all that could wait for it.
Task<> Keeper::record_rest(std::vector<Duty*>* failed) {
  if (!kept_.loaded || !kept_.unsaved || kept_.unrecorded) co_return;
  co_await recording_.save();
  co_await remember_met(failed);
}

void Keeper::announce(Time until, bool asked) {
  if (!kept_.loaded) return;
  const bool is_issued_before = next_of(issuing_, asked) <= until;
  for (auto& deployment : deployments_) {
    if (is_issued_before || next_of(deployment, asked) <= until) deployment.announce();
  }
}

/// A trouble ends when something else is wanted or its subject is done.
void Keeper::forget_former_troubles() {
  for (auto* duty : duties_) {
    auto& trouble = duty->trouble();
    if (!trouble) continue;
    const bool is_done = duty->due() > kept_.now();
    if (is_done || (!trouble->about.empty() && trouble->about != duty->about())) trouble.reset();
  }
}

bool Keeper::is_ready(Duty& duty) const {
  const auto now = kept_.now();
  if ((duty.due() > now && !duty.is_wanted()) || (duty.wait() && !kept_.asked)) return false;
  if (duty.is_wanted() && !kept_.state.issued && &duty != &issuing_) return false;  // nothing to deploy
  const auto& trouble = duty.trouble();
  return !trouble || kept_.forced || renew::next_try(*trouble, kept_.asked, now) <= now || duty.last_chance() <= now;
}

Task<> Keeper::perform(Duty* duty) {
  std::exception_ptr failure;
  try {
    co_await duty->perform();
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await remember(duty, failure);
  } else if (duty->due() > kept_.now()) {
    duty->trouble().reset();
  }
}

Task<> Keeper::remember(Duty* duty, std::exception_ptr failure) {
  const auto error = told_with_end(error_in(failure), kept_.end_in_service(), kept_.now());
  TroubleView told;
  told.what = duty->name();
  told.sentence = error.what();
  told.cause = error.cause();
  told.party = error.party();
  told.since = kept_.now();
  told.failures = 1;
  told.next_try = duty->due();
  if (kept_.loaded && duty->due() > kept_.now()) {
    // It was only wished for: there is nothing that must be tried again.
    kept_.context.observer.failed(name(), duty->failed(), error, told.next_try);
    note_failure(std::move(told));
    co_return;
  }
  auto& trouble = duty->trouble();
  // One that is revoked is as good as none.
  const auto end = store::is_live_revoked(kept_.state) ? std::nullopt : kept_.end_in_service();
  trouble = renew::after_failure(trouble, error, {kept_.now(), chance(), end, kept_.asked, duty->about()});
  told.next_try = trouble->next_try;
  note_failure(std::move(told));
  kept_.context.observer.failed(name(), duty->failed(), error, trouble->next_try);
  forget_if_outdated(error);
  if (!kept_.loaded) co_return;
  try {
    co_await kept_.save();
  } catch (const Error& unsaved) {
    forget_if_outdated(unsaved);
    if (!kept_.loaded) co_return;
    log::error(fmt::format("{}: what failed cannot be kept over a restart: {}", name(), unsaved.what()),
               {{"ACMED_CERTIFICATE", name()}});
  }
}

/// Somebody else has saved the state meanwhile: it is reloaded before anything else is done.
void Keeper::forget_if_outdated(const Error& error) {
  if (error.cause() == store::other_revision) kept_.loaded = false;
}

/// Logs what was asked for and is not done: a person wants to know why.
void Keeper::tell_what_waits() {
  for (auto* duty : duties_) {
    const auto why = why_it_waits(*duty);
    if (!why.empty()) log::warning(name() + ": " + why, {{"ACMED_CERTIFICATE", name()}});
  }
}

std::string Keeper::why_it_waits(Duty& duty) const {
  if (auto wait = duty.wait()) return std::move(wait->why);
  const auto& trouble = duty.trouble();
  if (!trouble || !trouble->not_before || *trouble->not_before <= kept_.now()) return {};
  return fmt::format("waits until {}, as the CA asked: {}", to_rfc3339(trouble->next_try), trouble->sentence);
}

Time Keeper::next_of(Duty& duty, bool asked) const {
  const auto now = kept_.now();
  auto next = duty.due();
  if (next == Time::max()) return next;
  if (const auto wait = duty.wait(); wait && !asked) next = std::max(next, wait->until);
  if (const auto& trouble = duty.trouble()) {
    next = std::max(next, std::min(renew::next_try(*trouble, asked, now), duty.last_chance()));
  }
  return next;
}

Time Keeper::next(bool asked) {
  if (!kept_.loaded) return next_of(loading_, asked);
  Time next = Time::max();
  for (auto* duty : duties_) next = std::min(next, next_of(*duty, asked));
  return next;
}

bool Keeper::uses(const store::AccountIdentity& account) const {
  return std::ranges::any_of(kept_.authorities(), [&account](const issue::Authority* ca) {
    return ca->settings().account_identity() == account;
  });
}

bool Keeper::is_troubled() {
  return loading_.trouble() || store::is_live_revoked(kept_.state) ||
         std::ranges::any_of(duties_, [](Duty* duty) { return duty->trouble() || duty->wait(); });
}

std::vector<std::string> Keeper::troubles() {
  std::vector<std::string> sentences;
  const auto tell = [&](Duty& duty) {
    const auto& trouble = duty.trouble();
    const auto wait = duty.wait();
    if (wait && (!trouble || trouble->sentence != wait->why)) sentences.push_back(name() + ": " + wait->why);
    if (!trouble) return;
    sentences.push_back(fmt::format("{}: {} (next try {})", name(), trouble->sentence, to_rfc3339(trouble->next_try)));
  };
  if (const auto revoked = revoked_trouble(kept_.state)) sentences.push_back(name() + ": " + revoked->sentence);
  tell(loading_);
  for (auto* duty : duties_) tell(*duty);
  return sentences;
}

void Wish::add(const Wish& other) {
  if (deploy && other.deploy) {
    // All includes some.
    if (targets.empty() || other.targets.empty())
      targets.clear();
    else
      targets.insert(other.targets.begin(), other.targets.end());
  } else if (other.deploy) {
    targets = other.targets;
  }
  revocations.insert(revocations.end(), other.revocations.begin(), other.revocations.end());
  asked = asked || other.asked;
  renew = renew || other.renew;
  force = force || other.force;
  deploy = deploy || other.deploy;
}

std::vector<Duty*> Keeper::all_duties() {
  std::vector<Duty*> all = {&loading_};
  all.insert(all.end(), duties_.begin(), duties_.end());
  return all;
}

State Keeper::state() {
  return state_with({});
}

/// `next_due`: when anything is due; looked for where it is not known.
State Keeper::state_with(std::optional<Time> next_due) {
  if (kept_.is_worked_on) return State::working;
  const auto now = kept_.now();
  const auto end = kept_.end_in_service();
  if (end && *end <= now) return State::expired;
  if (loading_.trouble()) return State::failing;
  if (!kept_.loaded) return State::waiting;
  if (store::is_live_revoked(kept_.state)) return State::failing;
  if (std::ranges::any_of(duties_, [](Duty* duty) { return duty->trouble().has_value(); })) return State::failing;
  if (issuing_.wait()) return State::waiting;
  if (!end) return State::missing;
  return (next_due ? *next_due : next(false)) <= now ? State::due : State::valid;
}

CertificateView Keeper::view() {
  const auto& request = kept_.wanted.request;
  CertificateView view;
  view.name = request.name;
  view.domains = request.domains;
  view.ca = ca();
  view.key_type = kept_.key_type();
  const auto soon = upcoming();
  view.state = state_with(soon.any);
  if (const auto& issued = kept_.state.issued; issued && !kept_.damaged) {
    view.live = LiveView{issued->generation, issued->serial, issued->not_before, issued->not_after,
                         revoked_view(kept_.state, issued->generation)};
    view.suggested_window = suggested_window(kept_.state);
  }
  if (soon.told != nullptr) view.next = next_view(soon);
  if (kept_.loaded) view.renewal = std::max(soon.renewal, kept_.now());
  if (auto revoked = revoked_trouble(kept_.state)) view.troubles.push_back(*std::move(revoked));
  for (auto* duty : all_duties()) {
    if (const auto& trouble = duty->trouble()) view.troubles.push_back(view_of(duty->name(), *trouble));
  }
  for (auto& deployment : deployments_) view.targets.push_back(deployment.view());
  return view;
}

Keeper::Upcoming Keeper::upcoming() {
  Upcoming result;
  const auto look_at = [&](Duty* duty) {
    const auto own = next_of(*duty, false);
    result.any = std::min(result.any, own);
    if (duty == &issuing_) result.renewal = own;
    // People want to know what changes something.
    if (own >= result.at || duty->only_looks()) return;
    result.told = duty;
    result.at = own;
  };
  if (kept_.loaded) {
    std::ranges::for_each(duties_, look_at);
  } else {
    look_at(&loading_);
  }
  return result;
}

NextView Keeper::next_view(const Upcoming& upcoming) const {
  auto* const first = upcoming.told;
  NextView view;
  view.what = first == &issuing_ && kept_.end_in_service() ? "renew" : first->name();
  view.at = std::max(upcoming.at, kept_.now());
  if (auto wait = first->wait()) {
    view.because = std::move(wait->why);
  } else if (const auto& trouble = first->trouble()) {
    view.because = fmt::format("it has failed {} and is tried again",
                               trouble->failures == 1 ? "once" : fmt::format("{} times", trouble->failures));
  } else {
    view.because = first->why_due();
  }
  return view;
}

}  // namespace acmed::keep
