// SPDX-License-Identifier: Apache-2.0
#include "daemon/former_configuration.h"

#include <fmt/format.h>

#include "base/runtime/sleep.h"
#include "daemon/issue/journey.h"
#include "daemon/issue/persistence.h"
#include "daemon/issue/tlsa_records.h"

namespace acmed {
namespace {

constexpr std::size_t names_a_turn = 1024;  // less than a millisecond

}  // namespace

Task<std::vector<std::string>> FormerConfiguration::clear(const Configured& configured) {
  std::vector<std::string> troubles;
  co_await clear_certificates(configured, &troubles);
  co_await clear_targets(configured, &troubles);
  co_return troubles;
}

/// Withdraws what certificates that are no longer configured left in the DNS.
Task<> FormerConfiguration::clear_certificates(const Configured& configured, std::vector<std::string>* troubles) {
  std::vector<std::string> names;
  try {
    names = co_await store_.certificate_names();
  } catch (const Error& error) {
    troubles->emplace_back(error.what());
  }
  std::size_t looked_at = 0;
  for (const auto& name : names) {
    if (++looked_at % names_a_turn == 0) co_await sleep_for(Duration::zero());
    if (configured.has_certificate(name)) continue;
    try {
      const auto claim = co_await store_.claim(name);
      auto state = co_await store_.load_certificate(name);
      issue::let_go(state, [](const store::PersistentRecord&) { return true; });
      if (configured.is_whole && leave_orders(name, state)) {
        state.revision = co_await store_.save_certificate(name, state);
      }
      if (state.values.empty() && !state.dane) continue;
      const WorkInProgress::Part part(work_);
      if (state.dane) {
        issue::TlsaRecords records(context_, name, nullptr);
        co_await records.withdraw(state.dane->values);
        state.dane.reset();
        state.revision = co_await store_.save_certificate(name, state);
      }
      issue::Journey journey(context_, {name, {}, {}, nullptr, {}}, state);
      co_await journey.withdraw_leftovers();
    } catch (const Error& error) {
      troubles->push_back(fmt::format("{}: no longer configured, but not yet cleaned up: {}", name, error.what()));
    }
  }
}

/// Returns whether there were any.
bool FormerConfiguration::leave_orders(const std::string& name, store::Certificate& state) {
  const bool any = state.order || state.set_aside || state.star;
  if (state.star) abandoned_.add(name, *state.star);
  state.star.reset();
  if (state.order) abandoned_.add(*state.order);
  if (state.set_aside) {
    for (const auto& order : *state.set_aside) abandoned_.add(order);
  }
  state.order.reset();
  state.set_aside.reset();
  return any;
}

/// Takes back what was under way, when a process ended, to targets that are no longer configured.
Task<> FormerConfiguration::clear_targets(const Configured& configured, std::vector<std::string>* troubles) {
  std::vector<deploy::TargetName> interrupted;
  try {
    interrupted = co_await actions_.interrupted();
  } catch (const Error& error) {
    troubles->emplace_back(error.what());
  }
  for (const auto& each : interrupted) {
    if (configured.has_target(each)) continue;
    try {
      co_await actions_.take_back(each);
    } catch (const Error& error) {
      troubles->push_back(fmt::format("{}: target {}: no longer configured, but not yet cleaned up: {}",
                                      each.certificate, each.target, error.what()));
    }
  }
}

}  // namespace acmed
