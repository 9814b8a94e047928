// SPDX-License-Identifier: Apache-2.0
#include "daemon/renew/ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/offload.h"
#include "base/runtime/sleep.h"
#include "daemon/acme/answer.h"
#include "daemon/renew/due.h"
#include "daemon/renew/registered_domain.h"

namespace acmed::renew {
namespace {

// Many requests in flight are refused at the same time, each with a pause that begins a little later.
constexpr Duration same_pause = std::chrono::minutes(1);

}  // namespace

const PublishedLimits& Ledger::known_limits(const std::string& directory_url) const {
  const auto own = configured_.find(directory_url);
  return own == configured_.end() ? published_limits(directory_url) : own->second;
}

Ledger::Ca& Ledger::at(const std::string& directory_url) {
  return cas_.try_emplace(directory_url, clock_, known_limits(directory_url)).first->second;
}

Task<> Ledger::load() {
  try {
    // The list of public suffixes is read now, where it holds up nobody.
    co_await offload([] { registered_domain("example.com"); });
    const auto kept = co_await store_.load_ledger();
    const auto now = clock_.now();
    for (const auto& [directory_url, known] : kept) {
      auto pause = known.pause;
      if (pause.since == Time{}) pause.since = pause.until - acme::longest_overload;
      if (pause.since <= now && pause.until - pause.since <= acme::longest_overload) at(directory_url).pause = pause;
      at(directory_url).limits.restore(known.limits, now);
    }
  } catch (const Error& error) {
    log::error(fmt::format("which CAs asked for a pause is not known: {}", error.what()));
  }
}

std::optional<Time> Ledger::closed_until(const std::string& directory_url, std::optional<Time> not_after) const {
  const auto found = cas_.find(directory_url);
  if (found == cas_.end() || !found->second.pause) return std::nullopt;
  const auto& pause = *found->second.pause;
  const auto until = not_later_than_a_tenth(pause.until, pause.since, not_after);
  // A pause that has not begun yet: the clock was ahead when it was recorded.
  if (until <= clock_.now() || pause.since > clock_.now()) return std::nullopt;
  return until;
}

void Ledger::require_open(const std::string& name, const std::string& directory_url,
                          std::optional<Time> not_after) const {
  const auto until = closed_until(directory_url, not_after);
  if (!until) return;
  throw Throttled(acme::overloaded, fmt::format("CA {} asked to be left alone until {}", name, to_rfc3339(*until)),
                  until, Party::ca);
}

bool Ledger::concerns_all(const Error& failure) {
  if (failure.cause() == acme::overloaded) return true;
  const bool is_answered = dynamic_cast<const acme::AnswerError*>(&failure) != nullptr ||
                           dynamic_cast<const acme::ProblemError*>(&failure) != nullptr;
  return !is_answered && failure.party() == Party::ca && failure.cause() != acme::timeout &&
         acme::verdict_on(failure) == acme::Verdict::unknown;
}

std::optional<Time> Ledger::asked_until(const std::string& directory_url) const {
  const auto found = cas_.find(directory_url);
  if (found == cas_.end() || !found->second.pause) return std::nullopt;
  return found->second.pause->until;
}

FirstRequest& Ledger::first_request(const std::string& directory_url) {
  return at(directory_url).first_request;
}

Task<> Ledger::learn(std::string directory_url, std::exception_ptr failure) {
  std::optional<Time> asked_for;
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (error.cause() == acme::overloaded) asked_for = error.not_before();
  } catch (const std::exception&) {
    co_return;
  }
  const auto now = clock_.now();
  if (!asked_for || *asked_for <= now) co_return;
  auto& ca = at(directory_url);
  const bool is_longer = !ca.pause || ca.pause->until + same_pause < *asked_for || ca.pause->since > now;
  if (!is_longer) co_return;
  ca.pause = store::Pause{now, *asked_for};
  co_await save();
}

Task<> Ledger::ask_again(std::string directory_url, std::function<Task<>()> ask) {
  auto& ca = at(directory_url);
  const auto turn = co_await ca.asking.acquire();
  if (!ca.pause || ca.asked_again) co_return;  // another caller has asked meanwhile
  ca.asked_again = true;
  std::exception_ptr failure;
  try {
    co_await ask();
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await learn(directory_url, failure);
  } else {
    ca.pause.reset();
    ca.asked_again = false;
    co_await save();
  }
}

Limits& Ledger::limits(const std::string& directory_url) {
  follow_clock();
  return at(directory_url).limits;
}

/// A CA counts on when the clock of this host is set.
void Ledger::follow_clock() {
  const auto step = calendar_.take();
  if (step == Duration::zero()) return;
  for (auto& [directory_url, ca] : cas_) ca.limits.shift(step);
}

store::LedgerRecord Ledger::record() {
  follow_clock();
  store::LedgerRecord record;
  const auto now = clock_.now();
  for (auto& [directory_url, ca] : cas_) {
    store::CaRecord known;
    if (ca.pause && ca.pause->until > now) known.pause = *ca.pause;
    known.limits = ca.limits.uses(now);
    if (known.pause.until != Time{} || !known.limits.empty()) record.emplace(directory_url, std::move(known));
  }
  return record;
}

Task<> Ledger::keep() {
  const auto own = ++wanted_;
  const auto turn = co_await writing_.acquire();
  if (written_ >= own) co_return;
  const auto covered = wanted_;
  co_await store_.save_ledger(record());
  written_ = covered;
}

Task<> Ledger::pace(std::string directory_url) {
  auto& ca = at(directory_url);
  const auto& limit = known_limits(directory_url).requests;
  if (!limit) co_return;
  const auto now = clock_.moment();
  ca.requests_full_at = std::max(ca.requests_full_at, now) + limit->interval();
  const auto turn = ca.requests_full_at - limit->window;
  if (turn > now) co_await sleep_for(turn - now);
}

}  // namespace acmed::renew
