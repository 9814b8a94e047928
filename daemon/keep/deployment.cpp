// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/deployment.h"

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "daemon/issue/observer.h"

namespace acmed::keep {
namespace {

/// Changes when anything changes that a deployment depends on.
std::string fingerprint(const config::Target& target) {
  std::string text = fmt::format("{}\n{}\n{}\n{:o}\n", target.directory.value_or("").string(),
                                 target.owner.value_or(""), target.group.value_or(""), target.mode);
  for (const auto& [kind, file] : target.files) text += fmt::format("{}={}\n", static_cast<int>(kind), file);
  for (const auto& argument : target.test) text += "test " + argument + "\n";
  for (const auto& argument : target.post_hook) text += "hook " + argument + "\n";
  return crypto::hex(crypto::sha256(text)).substr(0, 16);
}

}  // namespace

bool is_deployed(const Kept& kept, const config::Target& target) {
  const auto* found = kept.deployment(target);
  return found != nullptr && found->served == kept.state.issued->generation && found->settings == fingerprint(target);
}

Time Deployment::due() const {
  return kept_.state.issued && !is_deployed(kept_, target_) ? Time::min() : Time::max();
}

std::string Deployment::about() const {
  return fingerprint(target_);
}

Time Deployment::last_chance() const {
  if (!kept_.has_former_pair(target_)) return Time::max();
  return kept_.deployment(target_)->served_until - kept_.shortest_use();
}

Task<> Deployment::perform() {
  auto& deployment = kept_.state.deployments[target_.name];
  const auto wanted = kept_.state.issued->generation;
  const bool can_go_back = kept_.has_former_pair(target_) && kept_.is_worth_keeping(deployment);
  std::exception_ptr failure;
  bool new_files_stay = false;
  try {
    co_await take(can_go_back);
  } catch (const deploy::NotTaken& error) {
    new_files_stay = error.new_files_stay() || (!target_.directory && !can_go_back);
    failure = std::current_exception();
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) {
    if (new_files_stay) deployment.in_place = wanted;
    if (!target_.directory && can_go_back) co_await roll_back_live();
    std::rethrow_exception(failure);
  }
  deployment = {wanted, wanted, fingerprint(target_), std::nullopt, kept_.state.issued->not_after, wanted};
  try {
    co_await kept_.save();
  } catch (const Error&) {
    // The target has it, and keeps it.
    kept_.unrecorded = true;
    recording_.meet(std::current_exception());
  }
  kept_.services.observer.deployed(kept_.name(), target_.name);
}

Task<> Deployment::take(bool can_go_back) {
  auto& deployment = kept_.state.deployments[target_.name];
  const auto wanted = kept_.state.issued->generation;
  deployment.begun = wanted;
  co_await kept_.save();
  if (!target_.directory) co_await kept_.services.store.make_live(kept_.name(), wanted);
  // What reads live/ goes back by the link; the others by their own files.
  std::optional<deploy::Generation> previous;
  if (target_.directory && can_go_back) previous = co_await kept_.generation(deployment.served);
  const auto current = co_await kept_.generation(wanted);
  co_await deploy::to_target(target_, current, previous, kept_.now() + kept_.shortest_use(), "deploy");
}

Task<> Deployment::roll_back_live() {
  const auto served = kept_.deployment(target_)->served;
  std::string trouble;
  try {
    co_await kept_.services.store.make_live(kept_.name(), served);
    const auto before = co_await kept_.generation(served);
    co_await deploy::to_target(target_, before, std::nullopt, kept_.now(), "rollback");
  } catch (const Error& error) {
    trouble = fmt::format(", but {} did not take it: {}", target_.name, error.what());
  }
  kept_.services.observer.rolled_back(kept_.name(), target_.name, served, trouble);
}

}  // namespace acmed::keep
