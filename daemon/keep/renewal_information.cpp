// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/renewal_information.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/log.h"
#include "daemon/keep/heedful_authority.h"
#include "daemon/renew/suggestion.h"

namespace acmed::keep {
namespace {

// Also of a CA that makes no suggestions (RFC 9773 §4.3.2).
constexpr Duration longest_pause = std::chrono::hours(24);
// §4.3.3.
constexpr Duration pause_after_failure = std::chrono::hours(6);
/// Certificates of versions that did not ask are not all asked for at once.
constexpr Duration first_looks_spread = longest_pause;

}  // namespace

Time RenewalInformation::due() const {
  const auto& issued = kept_.state.issued;
  const auto& directory = ca().settings().directory_url;
  // Never after its end, nor of another CA (§4.3).
  if (!issued || kept_.damaged || issued->not_after <= kept_.now() || issued->directory_url != directory) {
    return Time::max();
  }
  const auto& plan = kept_.state.renewal;
  if (plan && plan->certificate_id.empty()) return Time::max();
  const auto share = std::hash<std::string>()(issued->serial) % (first_looks_spread / std::chrono::seconds(1));
  const auto spread = kept_.context.ends_when_done ? std::chrono::seconds() : std::chrono::seconds(share);
  auto wanted = plan ? plan->ask_next : kept_.context.began + spread;
  if (wanted > kept_.now() + longest_pause) wanted = Time::min();  // by a clock that was wrong
  return std::max(wanted, kept_.ledger.closed_until(directory, kept_.end_in_service()).value_or(Time::min()));
}

Task<> RenewalInformation::perform() {
  auto& plan = kept_.state.renewal;
  if (!plan) {
    auto id = co_await certificate_id();
    plan = store::RenewalPlan{std::move(id)};
  }
  if (!plan->certificate_id.empty()) co_await ask();
}

/// For a certificate of a version that did not store it; empty when it cannot be known.
Task<std::string> RenewalInformation::certificate_id() const {
  try {
    const auto generation = co_await kept_.context.store.generation(kept_.name(), kept_.state.issued->generation);
    const auto leaf = crypto::parse_chain(generation.files.certificate).front();
    co_return leaf.renewal_id().value_or(std::string());
  } catch (const Error& error) {
    log::debug(fmt::format("{}: whether the CA suggests when to renew is not asked: {}", kept_.name(), error.what()));
  }
  co_return std::string();
}

Task<> RenewalInformation::ask() {
  auto& plan = *kept_.state.renewal;
  HeedfulAuthority authority(ca(), kept_.ledger, kept_.end_in_service());
  std::optional<acme::RenewalInfo> info;
  try {
    const auto place = co_await authority.place();
    auto answer = co_await authority.renewal_info(plan.certificate_id);
    info = std::move(answer);
    plan.ask_next = kept_.now() + longest_pause;
  } catch (const Error& error) {
    log::debug(fmt::format("{}: {}", kept_.name(), error.what()), {{"ACMED_CERTIFICATE", kept_.name()}});
    plan.ask_next = kept_.now() + pause_after_failure;
  }
  if (!info) co_return;
  if (renew::take_suggestion(plan, *info)) {
    kept_.context.observer.renewal_suggested(kept_.name(), ca().settings().name, plan);
  }
  kept_.unsaved = true;
}

}  // namespace acmed::keep
