// SPDX-License-Identifier: Apache-2.0
#include "daemon/keeper.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/log.h"
#include "daemon/renew/due.h"

namespace acmed {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

/// Changes when anything changes that a deployment depends on.
std::string fingerprint(const config::Target& target) {
  std::string text = fmt::format("{}\n{}\n{}\n{:o}\n", target.directory.value_or("").string(),
                                 target.owner.value_or(""), target.group.value_or(""), target.mode);
  for (const auto& [kind, file] : target.files) text += fmt::format("{}={}\n", static_cast<int>(kind), file);
  for (const auto& argument : target.test) text += "test " + argument + "\n";
  for (const auto& argument : target.post_hook) text += "hook " + argument + "\n";
  return crypto::hex(crypto::sha256(text)).substr(0, 16);
}

double chance() {
  const auto bytes = crypto::random_bytes(2);
  return static_cast<unsigned char>(bytes[0]) / 256.0 + static_cast<unsigned char>(bytes[1]) / 65536.0;
}

}  // namespace

Keeper::Keeper(issue::Services& services, renew::Ledger& ledger, Upkeep upkeep)
    : services_(services), ledger_(ledger), upkeep_(std::move(upkeep)) {}

Task<Time> Keeper::attempt(bool asked) {
  if (!loaded_ && may_try(state_.trouble, asked)) co_await load();
  if (loaded_) {
    waiting_.clear();
    if (renewal_time() <= now() && may_try(state_.trouble, asked) && !ca_is_closed()) {
      co_await renew();
    } else {
      if (renewal_time() > now() && state_.trouble && may_try(state_.trouble, asked)) co_await settle();
      if (!state_.values.empty() && may_try(state_.leftover, asked)) co_await clear_leftovers();
    }
    for (const auto& target : upkeep_.targets) {
      if (!state_.issued || is_deployed(target)) continue;
      if (may_try(state_.deployments[target.name].trouble, asked)) co_await deploy(&target);
    }
  }
  co_return next_attempt();
}

bool Keeper::ca_is_closed() {
  const auto& ca = upkeep_.request.authority->settings();
  const auto until = ledger_.closed_until(ca.directory_url);
  if (until) waiting_ = fmt::format("CA {} asked to be left alone until {}", ca.name, to_rfc3339(*until));
  return until.has_value();
}

Task<> Keeper::load() {
  std::exception_ptr failure;
  try {
    auto state = co_await services_.store.load_certificate(name());
    const auto before = std::exchange(state_, std::move(state));
    forget_former_targets();
    co_await settle_link();
    loaded_ = true;
    if (before.trouble) state_.trouble.reset();  // it was that the state could not be read
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) co_await remember_failure(&state_.trouble, "its state is not readable", failure);
}

void Keeper::forget_former_targets() {
  std::erase_if(state_.deployments, [this](const auto& entry) {
    return std::none_of(upkeep_.targets.begin(), upkeep_.targets.end(),
                        [&entry](const config::Target& target) { return target.name == entry.first; });
  });
}

/// A crash or a full disk came between the state and the link: the link follows.
Task<> Keeper::settle_link() {
  if (!state_.issued || live_was_rolled_back()) co_return;
  const auto live = co_await services_.store.live_generation(name());
  if (live != state_.issued->generation) co_await services_.store.make_live(name(), state_.issued->generation);
}

/// Ends a trouble that came after the certificate was issued, such as a disk that was full.
Task<> Keeper::settle() {
  std::exception_ptr failure;
  const auto before = state_.trouble;
  try {
    co_await settle_link();
    state_.trouble.reset();
    co_await save();
  } catch (const Error&) {
    failure = std::current_exception();
    state_.trouble = before;
  }
  if (failure) co_await remember_failure(&state_.trouble, "issued, but not yet in order", failure);
}

Task<> Keeper::renew() {
  std::exception_ptr failure;
  issue::Journey journey(services_, upkeep_.request, state_);
  try {
    co_await journey.run();
    co_await services_.store.remove_old_generations(name(), needed_generations());
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (journey.left_over()) {
    co_await remember_failure(&state_.leftover, "TXT values are left in the DNS for now", journey.left_over());
  }
  if (!failure) co_return;
  co_await remember_failure(&state_.trouble, "not issued", failure);
  co_await tell_ledger(failure);
}

Task<> Keeper::clear_leftovers() {
  std::exception_ptr failure;
  const auto before = std::exchange(state_.leftover, std::nullopt);
  try {
    issue::Journey journey(services_, upkeep_.request, state_);
    co_await journey.withdraw_leftovers();
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception&) {
    failure = std::current_exception();
    state_.leftover = before;
  }
  if (failure) co_await remember_failure(&state_.leftover, "TXT values are still in the DNS", failure);
}

Task<> Keeper::deploy(const config::Target* target) {
  auto& deployment = state_.deployments[target->name];
  const unsigned served = deployment.served;
  std::exception_ptr failure;
  bool took = false;
  try {
    deployment.begun = state_.issued->generation;
    co_await save();
    if (!target->directory) co_await services_.store.make_live(name(), state_.issued->generation);
    // What reads live/ goes back by the link, below; the others by their own files.
    std::optional<deploy::Generation> previous;
    if (target->directory && served != 0) previous = co_await generation(served);
    const auto current = co_await generation(state_.issued->generation);
    co_await deploy::to_target(*target, current, previous, "deploy");
    took = true;
    deployment = {state_.issued->generation, state_.issued->generation, fingerprint(*target), std::nullopt};
    co_await save();
    log::notice(fmt::format("{}: deployed to {}", name(), target->name),
                {{"ACMED_CERTIFICATE", name()}, {"ACMED_TARGET", target->name}});
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (took) {
    // The target has it, and keeps it; what is left to do is to write that down.
    co_await remember_failure(&state_.trouble, "deployed, but that could not be written down", failure);
    co_return;
  }
  co_await remember_failure(&state_.deployments[target->name].trouble, "not deployed", failure);
  if (!target->directory && served != 0 && served != state_.issued->generation) co_await roll_back_live(target, served);
}

std::set<unsigned> Keeper::needed_generations() const {
  std::set<unsigned> needed = {state_.issued->generation};
  for (const auto& [target, deployment] : state_.deployments) needed.insert(deployment.served);
  return needed;
}

Task<> Keeper::roll_back_live(const config::Target* target, unsigned served) {
  std::string trouble;
  try {
    co_await services_.store.make_live(name(), served);
    const auto before = co_await generation(served);
    co_await deploy::to_target(*target, before, std::nullopt, "rollback");
  } catch (const Error& error) {
    trouble = fmt::format(", but {} did not take it: {}", target->name, error.what());
  }
  log::warning(fmt::format("{}: generation {:04} is in service again{}", name(), served, trouble),
               {{"ACMED_CERTIFICATE", name()}, {"ACMED_TARGET", target->name}});
}

Task<> Keeper::remember_failure(std::optional<store::Trouble>* where, std::string what, std::exception_ptr failure) {
  Error error = Retry("internal", "");
  try {
    std::rethrow_exception(failure);
  } catch (const Error& ours) {
    error = Error(ours.advice(), ours.cause(), ours.what(), ours.not_before());
  } catch (const std::exception& other) {
    error = Retry("internal", other.what());
  }
  const auto not_after = state_.issued ? std::optional(state_.issued->not_after) : std::nullopt;
  *where = renew::after_failure(*where, error, now(), chance(), not_after);
  log::error(fmt::format("{}: {}: {} (next try {})", name(), what, error.what(), to_rfc3339((*where)->next_try)),
             {{"ACMED_CERTIFICATE", name()}, {"ACMED_ERROR_TYPE", error.cause()}});
  try {
    if (loaded_) co_await save();
  } catch (const Error& unsaved) {
    log::error(fmt::format("{}: what failed cannot be kept over a restart: {}", name(), unsaved.what()),
               {{"ACMED_CERTIFICATE", name()}});
  }
}

Task<> Keeper::tell_ledger(std::exception_ptr failure) {
  try {
    co_await ledger_.learn(upkeep_.request.authority->settings().directory_url, failure);
  } catch (const Error& unsaved) {
    log::error(fmt::format("the CA's pause cannot be kept over a restart: {}", unsaved.what()));
  }
}

Task<> Keeper::save() {
  co_await services_.store.save_certificate(name(), state_);
}

Time Keeper::now() const {
  return services_.loop.clock().now();
}

bool Keeper::is_current() const {
  const auto& issued = *state_.issued;
  const auto& wanted = upkeep_.request;
  return sorted(issued.domains) == sorted(wanted.domains) && issued.key_type == crypto::to_text(wanted.key_type) &&
         issued.directory_url == wanted.authority->settings().directory_url;
}

Time Keeper::renewal_time() const {
  if (!state_.issued || !is_current()) return Time::min();
  return renew::due_at(*state_.issued, upkeep_.renew);
}

bool Keeper::may_try(const std::optional<store::Trouble>& trouble, bool asked) const {
  return !trouble || renew::next_try(*trouble, asked) <= now();
}

bool Keeper::is_deployed(const config::Target& target) const {
  const auto found = state_.deployments.find(target.name);
  return found != state_.deployments.end() && found->second.served == state_.issued->generation &&
         found->second.settings == fingerprint(target);
}

/// A target that reads live/ and failed has put the link back: it goes forward again when that target is tried again.
bool Keeper::live_was_rolled_back() const {
  return std::any_of(upkeep_.targets.begin(), upkeep_.targets.end(), [this](const config::Target& target) {
    const auto found = state_.deployments.find(target.name);
    return !target.directory && found != state_.deployments.end() && found->second.trouble && found->second.served != 0;
  });
}

Time Keeper::next_attempt() const {
  Time next = Time::max();
  const auto& ca = upkeep_.request.authority->settings();
  if (renewal_time() > now()) {
    next = renewal_time();
    if (state_.trouble) next = std::min(next, state_.trouble->next_try);
  } else {
    next = state_.trouble ? state_.trouble->next_try : now();
    next = std::max(next, ledger_.closed_until(ca.directory_url).value_or(next));
  }
  if (!state_.values.empty()) next = std::min(next, state_.leftover ? state_.leftover->next_try : now());
  if (!loaded_ || !state_.issued) return next;
  for (const auto& target : upkeep_.targets) {
    if (is_deployed(target)) continue;
    const auto found = state_.deployments.find(target.name);
    const bool failed = found != state_.deployments.end() && found->second.trouble;
    next = std::min(next, failed ? found->second.trouble->next_try : now());
  }
  return next;
}

std::vector<std::string> Keeper::troubles() const {
  std::vector<std::string> sentences;
  const auto add = [&](const store::Trouble& trouble) {
    sentences.push_back(fmt::format("{}: {} (next try {})", name(), trouble.sentence, to_rfc3339(trouble.next_try)));
  };
  if (!waiting_.empty()) sentences.push_back(name() + ": " + waiting_);
  if (state_.trouble) add(*state_.trouble);
  if (state_.leftover && !state_.values.empty()) add(*state_.leftover);
  for (const auto& target : upkeep_.targets) {
    const auto found = state_.deployments.find(target.name);
    if (found != state_.deployments.end() && found->second.trouble) add(*found->second.trouble);
  }
  return sentences;
}

Task<deploy::Generation> Keeper::generation(unsigned number) {
  const auto meta = co_await services_.store.generation_meta(name(), number);
  co_return deploy::Generation{name(),
                               meta["domains"].texts(),
                               services_.store.live_path(name()),
                               services_.store.generation_path(name(), number),
                               meta["serial"].text_or(),
                               parse_rfc3339(meta["not_after"].text_or()).value_or(Time{})};
}

}  // namespace acmed
