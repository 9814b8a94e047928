// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/revocation_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/log.h"
#include "daemon/issue/observer.h"
#include "daemon/issue/revocation_lists.h"
#include "daemon/keep/revoking.h"

namespace acmed::keep {
namespace {

constexpr Duration pause = std::chrono::hours(24);
constexpr Duration pause_after_failure = std::chrono::hours(6);
constexpr Duration pause_if_expected = std::chrono::hours(1);
/// Not all that a process keeps are looked at in the same second.
constexpr Duration first_looks_spread = std::chrono::hours(1);
constexpr std::size_t most_urls = 2;

}  // namespace

Time RevocationCheck::due() const {
  const auto& issued = kept_.state.issued;
  if (kept_.context.revocation_lists == nullptr || !issued || kept_.damaged || issued->not_after <= kept_.now() ||
      store::is_live_revoked(kept_.state)) {
    return Time::max();
  }
  if (looked_at_ != issued->generation) return first_look();
  return next_look_ != Time::max() && next_look_ > kept_.now() + pause ? Time::min() : next_look_;
}

Time RevocationCheck::first_look() const {
  const auto& issued = *kept_.state.issued;
  const auto& plan = kept_.state.renewal;
  const auto share = std::hash<std::string>()(issued.serial) % (first_looks_spread / std::chrono::seconds(1));
  const bool is_at_once = kept_.asked || kept_.context.ends_when_done;
  const auto spread = is_at_once ? std::chrono::seconds() : std::chrono::seconds(share);
  const auto soonest = kept_.context.began + spread;
  const auto last = std::max(issued.issued_at, kept_.state.revocation_checked);
  // A CA that is about to revoke, or has done so, suggests a time that is past (RFC 9773 §4.1).
  const bool is_expected = plan && plan->has_window() && plan->window_end < kept_.now();
  const auto due = last + (is_expected ? pause_if_expected : pause);
  return last > kept_.now() ? soonest : std::max<Time>(soonest, due);
}

Task<> RevocationCheck::perform() {
  looked_at_ = kept_.state.issued->generation;
  next_look_ = kept_.now() + pause_after_failure;
  try {
    co_await look();
  } catch (const Error& error) {
    log::debug(fmt::format("{}: whether it is revoked is not known: {}", kept_.name(), error.what()),
               {{"ACMED_CERTIFICATE", kept_.name()}});
  }
}

Task<> RevocationCheck::look() {
  const auto generation = co_await kept_.context.store.generation(kept_.name(), looked_at_);
  const auto chain = crypto::parse_chain(generation.files.full_chain);
  const auto urls = chain.front().revocation_list_urls();
  if (urls.empty() || chain.size() < 2) {
    next_look_ = Time::max();
    co_return;
  }
  std::optional<issue::RevocationLists::Found> found;
  std::exception_ptr failure;
  for (std::size_t i = 0; i < std::min(urls.size(), most_urls) && !found; ++i) {
    try {
      auto answer = co_await kept_.context.revocation_lists->find(urls[i], chain[0], chain[1]);
      found = std::move(answer);
    } catch (const Error&) {
      failure = std::current_exception();
    }
  }
  if (!found) std::rethrow_exception(failure);
  // All that name the same list are looked at when it is fetched again.
  next_look_ = std::max<Time>(found->read + pause, kept_.now() + pause_after_failure);
  kept_.state.revocation_checked = kept_.now();
  if (found->entry) note(found->entry->reason, found->entry->revoked);
  co_await recording_.save();
}

void RevocationCheck::note(std::string reason, Time revoked) {
  const auto& issued = *kept_.state.issued;
  auto revocations = kept_.state.revocations ? *kept_.state.revocations : std::vector<store::Revocation>();
  std::erase_if(revocations, [&issued](const auto& each) { return each.generation == issued.generation; });
  store::Revocation revocation;
  revocation.generation = issued.generation;
  revocation.serial = issued.serial;
  revocation.reason = std::move(reason);
  revocation.by_ca = true;
  revocation.asked = kept_.now();
  revocation.revoked = revoked;
  revocations.push_back(revocation);
  forget_oldest(revocations);
  kept_.state.revocations = std::move(revocations);
  kept_.context.observer.revoked(kept_.name(), kept_.issuer().settings().name, revocation);
}

}  // namespace acmed::keep
