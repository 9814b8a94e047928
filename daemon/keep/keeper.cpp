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
      renewal_information_(kept_, recording_),
      duties_{&issuing_, &leftovers_, &recording_, &renewal_information_} {
  for (const auto& target : kept_.wanted.targets) {
    duties_.push_back(&deployments_.emplace_back(kept_, target, recording_));
  }
}

Task<> Keeper::prepare() {
  if (is_ready(loading_)) co_await perform(&loading_);
  if (kept_.loaded) forget_former_troubles();  // next() relies on it
}

Task<> Keeper::prepare(Found found) {
  loading_.found(std::move(found));
  return prepare();
}

Task<Time> Keeper::attempt(bool asked) {
  kept_.asked = asked;
  announce(kept_.now(), asked);
  const auto claim = co_await kept_.context.store.claim(name());
  co_await prepare();
  announce(kept_.now(), asked);
  std::vector<Duty*> failed;
  for (const auto& duties : in_order()) co_await perform_ready(duties, &failed);
  for (auto& deployment : deployments_) deployment.forget_announcement();
  if (asked) tell_what_waits();
  kept_.asked = false;
  co_return next(false);
}

/// The deployments are performed side by side: several may have to be tested together.
std::vector<std::vector<Duty*>> Keeper::in_order() {
  std::vector<Duty*> deployments;
  for (auto& deployment : deployments_) deployments.push_back(&deployment);
  return {{&issuing_}, {&leftovers_}, {&recording_}, std::move(deployments), {&renewal_information_}};
}

/// Performs those of `duties` that are due and not in `failed`, side by side.
Task<> Keeper::perform_ready(std::vector<Duty*> duties, std::vector<Duty*>* failed) {
  if (!kept_.loaded) co_return;
  std::vector<Task<>> work;
  for (auto* duty : duties) {
    if (is_ready(*duty) && std::ranges::find(*failed, duty) == failed->end()) work.push_back(perform(duty));
  }
  co_await when_all(std::move(work));
  if (!kept_.loaded) co_return;
  // A failure that one of them ran into is another duty's to retry, but not in the same run.
  for (auto* other : duties_) {
    if (const auto met = other->take_met()) {
      failed->push_back(other);
      co_await remember(other, met);
    }
  }
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
  if (duty.due() > now || (duty.wait() && !kept_.asked)) return false;
  const auto& trouble = duty.trouble();
  return !trouble || renew::next_try(*trouble, kept_.asked, now) <= now || duty.last_chance() <= now;
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
  auto& trouble = duty->trouble();
  trouble =
      renew::after_failure(trouble, error, {kept_.now(), chance(), kept_.end_in_service(), kept_.asked, duty->about()});
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
    const auto& trouble = duty->trouble();
    std::string why;
    if (const auto wait = duty->wait()) {
      why = wait->why;
    } else if (trouble && trouble->not_before && *trouble->not_before > kept_.now()) {
      why = fmt::format("waits until {}, as the CA asked: {}", to_rfc3339(trouble->next_try), trouble->sentence);
    }
    if (!why.empty()) log::warning(name() + ": " + why, {{"ACMED_CERTIFICATE", name()}});
  }
}

Time Keeper::next_of(Duty& duty, bool asked) const {
  const auto now = kept_.now();
  auto next = duty.due();
  if (next == Time::max()) return next;
  if (const auto wait = duty.wait(); wait && !asked) next = std::max(next, wait->until);
  if (const auto& trouble = duty.trouble()) {
    auto retry = renew::next_try(*trouble, asked, now);
    if (duty.last_chance() > now) retry = std::min(retry, duty.last_chance());
    next = std::max(next, retry);
  }
  return next;
}

Time Keeper::next(bool asked) {
  if (!kept_.loaded) return next_of(loading_, asked);
  Time next = Time::max();
  for (auto* duty : duties_) next = std::min(next, next_of(*duty, asked));
  return next;
}

bool Keeper::is_troubled() {
  return loading_.trouble() || std::ranges::any_of(duties_, [](Duty* duty) { return duty->trouble() || duty->wait(); });
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
  tell(loading_);
  for (auto* duty : duties_) tell(*duty);
  return sentences;
}

}  // namespace acmed::keep
