// SPDX-License-Identifier: Apache-2.0
#include "daemon/account_changes.h"

#include <fmt/format.h>

namespace acmed {

Task<control::Outcome> AccountChanges::ask(std::string ca, control::AccountChange change) {
  const auto found = authorities_.find(ca);
  if (found == authorities_.end()) throw Refused("control:unknown", fmt::format("no CA is named \"{}\"", ca));
  Asked asked{keep::Wish()};
  const auto result = asked.result();
  wishes_.push_back({found->second.get(), change, std::move(asked)});
  wished_.wake_all();
  co_await result->done.wait();
  if (result->failure) std::rethrow_exception(result->failure);
  co_return result->outcome;
}

Task<> AccountChanges::tend(Scope* scope) {
  for (;;) {
    while (wishes_.empty()) co_await wished_.turn();
    auto wishes = std::exchange(wishes_, {});
    for (auto& wish : wishes) scope->spawn(carry_out(std::move(wish)));
  }
}

Task<> AccountChanges::carry_out(Wish wish) {
  const WorkInProgress::Part part(work_);
  try {
    co_await change(wish.authority, wish.change);
    if (wish.change == control::AccountChange::create) co_await made_(wish.authority->settings().account_identity());
    wish.asked.end({});
  } catch (const Error&) {
    wish.asked.fail(std::current_exception());
  }
}

/// Several [ca.NAME] may share the account.
Task<> AccountChanges::change(issue::AcmeAuthority* authority, control::AccountChange change) {
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

}  // namespace acmed
