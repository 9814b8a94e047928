// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/revoking.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "daemon/issue/observer.h"
#include "daemon/issue/revoker.h"
#include "daemon/keep/deployment.h"

namespace acmed::keep {
namespace {

constexpr std::size_t most_remembered = 8;

}  // namespace

void forget_oldest(std::vector<store::Revocation>& revocations) {
  while (revocations.size() > most_remembered) {
    const auto done = std::ranges::find_if(revocations, [](const auto& each) { return each.revoked.has_value(); });
    if (done == revocations.end()) return;
    revocations.erase(done);
  }
}

Task<> Revoking::take(RevocationWish wish) {
  auto& state = kept_.state;
  if (!state.issued) throw Refused("revoke:none", "there is nothing to revoke yet: no certificate has been issued");
  const auto number = wish.generation == 0 ? state.issued->generation : wish.generation;
  const auto leaf = co_await leaf_of(number);
  if (leaf.not_after() <= kept_.now()) {
    throw Refused("revoke:ended", fmt::format("generation {} has ended at {}: there is nothing to revoke", number,
                                              to_rfc3339(leaf.not_after())));
  }
  auto revocations = state.revocations ? *state.revocations : std::vector<store::Revocation>();
  const auto known = std::ranges::find(revocations, number, &store::Revocation::generation);
  if (known != revocations.end() && known->serial == leaf.serial() && known->revoked) {
    // A CA takes this reason also afterwards, and no other.
    const bool is_worse = wish.reason == acme::to_text(acme::RevocationReason::key_compromise);
    if (!is_worse || known->reason == wish.reason) co_return;
  }
  if (known != revocations.end()) revocations.erase(known);
  store::Revocation revocation;
  revocation.generation = number;
  revocation.serial = leaf.serial();
  revocation.reason = wish.reason;
  revocation.after_next = wish.after_next && number == state.issued->generation;
  revocation.asked = kept_.now();
  revocations.push_back(std::move(revocation));
  forget_oldest(revocations);
  auto before = std::exchange(state.revocations, std::move(revocations));
  try {
    co_await kept_.save();
  } catch (const Error&) {
    state.revocations = std::move(before);
    throw;
  }
  is_wanted_ = true;
}

Task<crypto::Certificate> Revoking::leaf_of(unsigned number) {
  try {
    const auto generation = co_await kept_.context.store.generation(kept_.name(), number);
    co_return crypto::parse_chain(generation.files.certificate).front();
  } catch (const Error& error) {
    if (number == kept_.state.issued->generation) throw;
    throw Refused("revoke:unknown", fmt::format("generation {} is not kept: the latest three are, up to {} ({})",
                                                number, kept_.state.issued->generation, error.what()));
  }
}

bool Revoking::is_ready(const store::Revocation& revocation) const {
  if (revocation.revoked) return false;
  if (!revocation.after_next) return true;
  const auto& issued = kept_.state.issued;
  return issued && issued->generation > revocation.generation && !kept_.damaged &&
         std::ranges::all_of(kept_.wanted.targets, [this](const auto& target) { return is_deployed(kept_, target); });
}

std::vector<store::Revocation> Revoking::ready() const {
  std::vector<store::Revocation> all;
  if (!kept_.state.revocations || kept_.context.revoker == nullptr) return all;
  std::ranges::copy_if(*kept_.state.revocations, std::back_inserter(all),
                       [this](const auto& each) { return is_ready(each); });
  return all;
}

Time Revoking::due() const {
  return ready().empty() ? Time::max() : Time::min();
}

std::string Revoking::about() const {
  std::string text;
  for (const auto& each : ready()) text += fmt::format("{} {}\n", each.serial, each.reason);
  return text;
}

std::optional<Duty::Wait> Revoking::wait() const {
  if (!is_wanted_ || !kept_.state.revocations || due() != Time::max()) return std::nullopt;
  for (const auto& each : *kept_.state.revocations) {
    if (each.revoked) continue;
    return Wait{Time::max(), fmt::format("generation {} is revoked as soon as another one is in service and at all "
                                         "targets; it is not yet",
                                         each.generation)};
  }
  return std::nullopt;
}

/// What the CA refuses for good is not asked again, until somebody asks for it.
Task<> Revoking::perform() {
  std::exception_ptr failure;
  for (const auto& revocation : ready()) {
    bool is_refused = false;
    try {
      co_await revoke(revocation);
    } catch (const Error& error) {
      failure = std::current_exception();
      is_refused = error.advice() == Error::Advice::refused;
    }
    if (!is_refused) continue;
    std::erase_if(*kept_.state.revocations, [&revocation](const auto& each) {
      return each.generation == revocation.generation && !each.revoked;
    });
    co_await recording_.save();
  }
  const auto is_open = [](const store::Revocation& each) { return !each.revoked; };
  const auto& all = kept_.state.revocations;
  if (!all || std::ranges::none_of(*all, is_open)) is_wanted_ = false;
  if (failure) std::rethrow_exception(failure);
}

Task<> Revoking::revoke(store::Revocation revocation) {
  const auto generation = co_await kept_.context.store.generation(kept_.name(), revocation.generation);
  const auto leaf = crypto::parse_chain(generation.files.certificate).front();
  if (leaf.not_after() <= kept_.now()) {
    throw Refused("revoke:ended",
                  fmt::format("generation {} has ended before it could be revoked", revocation.generation));
  }
  const auto& ca = kept_.issuer().settings();
  const auto& directory = generation.meta.directory_url.empty() ? ca.directory_url : generation.meta.directory_url;
  const auto reason = acme::revocation_reason_from(revocation.reason).value_or(acme::RevocationReason::unspecified);
  const auto& key = kept_.wanted.request.key;
  const bool is_named = key && key->uri == generation.meta.key_uri;
  co_await kept_.context.revoker->revoke(
      {directory, leaf, generation.files.private_key, reason, is_named ? key : Rare<crypto::TokenKey>()});
  for (auto& each : *kept_.state.revocations) {
    if (each.generation != revocation.generation) continue;
    each.revoked = kept_.now();
    revocation = each;
  }
  co_await recording_.save();
  kept_.context.observer.revoked(kept_.name(), directory == ca.directory_url ? ca.name : directory, revocation);
}

}  // namespace acmed::keep
