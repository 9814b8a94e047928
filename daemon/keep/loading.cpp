// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/loading.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/runtime/offload.h"
#include "daemon/keep/deployment.h"

namespace acmed::keep {

Task<std::vector<Found>> find(issue::JourneyContext& context, std::vector<store::Expected> wanted) {
  std::vector<std::string> names;
  for (const auto& each : wanted) names.push_back(each.name);
  auto loaded = co_await context.store.load_certificates(names);
  std::vector<Found> found(names.size());
  std::vector<store::Expected> expected;
  std::vector<Found*> issued;
  for (std::size_t i = 0; i < names.size(); ++i) {
    found[i].remembered = std::move(loaded[i]);
    const auto& certificate = found[i].remembered.certificate;
    if (!certificate.issued) continue;
    wanted[i].generation = certificate.issued->generation;
    expected.push_back(std::move(wanted[i]));
    issued.push_back(&found[i]);
  }
  auto published = co_await context.publisher.look(std::move(expected));
  for (std::size_t i = 0; i < issued.size(); ++i) issued[i]->published = std::move(published[i]);
  co_return found;
}

bool Loading::found(Found found) {
  if (!is_all_well(found)) {
    ahead_ = std::make_unique<Found>(std::move(found));
    return false;
  }
  take(std::move(found.remembered.certificate));
  kept_.loaded = true;
  return true;
}

bool Loading::is_all_well(const Found& found) const {
  const auto& [remembered, published] = found;
  const auto& state = remembered.certificate;
  if (remembered.unreadable || published.unreadable || published.fault || !published.is_key_granted) return false;
  if (!state.issued) return true;
  const auto has_files = [](const config::Target& target) { return target.directory.has_value(); };
  return published.generation == state.issued->generation && state.deployments.empty() &&
         std::ranges::none_of(kept_.wanted.targets, has_files);
}

Task<> Loading::perform() {
  if (!ahead_) ahead_ = std::make_unique<Found>(std::move((co_await find(kept_.context, {kept_.expected()})).front()));
  auto found = std::move(*std::exchange(ahead_, nullptr));
  for (const auto& unreadable : {found.remembered.unreadable, found.published.unreadable}) {
    if (unreadable) std::rethrow_exception(unreadable);
  }
  take(std::move(found.remembered.certificate));
  if (!found.published.is_key_granted) kept_.unrecorded = true;
  co_await compare(found.published.generation, std::move(found.published.fault));
  kept_.loaded = true;
}

/// Without targets that are configured no more.
void Loading::take(store::Certificate remembered) {
  kept_.state = std::move(remembered);
  const auto& targets = kept_.wanted.targets;
  std::erase_if(kept_.state.deployments, [&targets](const auto& entry) {
    return std::ranges::none_of(targets, [&entry](const config::Target& target) { return target.name == entry.first; });
  });
}

/// Facts before notes: compares what the state says is in service with what really is.
Task<> Loading::compare(std::optional<unsigned> live, std::optional<std::string> fault) {
  auto& state = kept_.state;
  if (!state.issued) co_return;
  for (auto& [target, deployment] : state.deployments) {
    if (deployment.served == 0 || deployment.served_until != Time{}) continue;
    // The state is of a version that did not store it.
    const auto meta = co_await kept_.context.store.generation_meta(kept_.name(), deployment.served);
    deployment.served_until = meta.not_after;
  }
  kept_.damaged = fault.has_value();
  if (kept_.damaged) {
    log::error(fmt::format("{}: {}: a new certificate is ordered", kept_.name(), *fault),
               {{"ACMED_CERTIFICATE", kept_.name()}});
    co_return;
  }
  if (live != state.issued->generation) co_await kept_.settle_live();
  for (const auto& target : kept_.wanted.targets) {
    if (target.directory && is_deployed(kept_, target)) co_await look_at_target(&target);
  }
}

Task<> Loading::look_at_target(const config::Target* target) {
  const auto current = co_await kept_.subject(target, kept_.state.issued->generation);
  bool is_there = false;
  try {
    is_there = co_await offload([current] { return deploy::is_in_place(current->target, current->generation); });
  } catch (const Error& error) {
    log::warning(fmt::format("{}: target {}: {}", kept_.name(), target->name, error.what()));
  }
  if (is_there) co_return;
  log::warning(fmt::format("{}: target {} does not have the files of generation {:04} any more, or not with their "
                           "owner and mode: it is deployed again",
                           kept_.name(), target->name, kept_.state.issued->generation),
               {{"ACMED_CERTIFICATE", kept_.name()}, {"ACMED_TARGET", target->name}});
  auto& deployment = kept_.state.deployments[target->name];
  deployment.settings.clear();
  deployment.in_place = 0;
}

}  // namespace acmed::keep
