// SPDX-License-Identifier: Apache-2.0
#include "daemon/keeper.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/log.h"
#include "base/runtime/offload.h"
#include "daemon/renew/due.h"

namespace acmed {
namespace {

constexpr Duration longest_shortest_use = std::chrono::hours(1);

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
  asked_ = asked;
  if (!loaded_ && may_try(state_.trouble)) co_await load();
  if (loaded_) {
    waiting_.clear();
    bool is_open = renewal_time() <= now() && may_try(state_.trouble);
    if (is_open) is_open = co_await ca_is_open();
    if (is_open) {
      co_await renew();
    } else {
      if (renewal_time() > now() && state_.trouble && may_try(state_.trouble)) co_await settle();
      if (!state_.values.empty() && may_try(state_.leftover)) co_await clear_leftovers();
    }
    for (const auto& target : upkeep_.targets) {
      if (!state_.issued || is_deployed(target)) continue;
      const bool is_last_chance = has_former_pair(target) && !is_worth_keeping(state_.deployments[target.name]);
      if (is_last_chance || may_try(state_.deployments[target.name].trouble)) co_await deploy(&target);
    }
  }
  if (asked_) tell_what_waits();
  co_return next_attempt();
}

/// A CA that asked for a pause is left alone; when a person asks, one request for all certificates tells whether it
/// still wants to be.
Task<bool> Keeper::ca_is_open() {
  auto* authority = upkeep_.request.authority;
  const auto& ca = authority->settings();
  auto until = ledger_.closed_until(ca.directory_url, end_in_service());
  if (until && asked_) {
    try {
      co_await ledger_.ask_again(ca.directory_url, [authority] { return authority->look_again(); });
    } catch (const Error& unsaved) {
      log::error(
          fmt::format("that CA {} takes orders again cannot be kept over a restart: {}", ca.name, unsaved.what()));
    }
    until = ledger_.closed_until(ca.directory_url, end_in_service());
  }
  if (until) waiting_ = fmt::format("CA {} asked to be left alone until {}", ca.name, to_rfc3339(*until));
  co_return !until;
}

/// What was asked for and is not done: a person wants to know why.
void Keeper::tell_what_waits() const {
  if (!waiting_.empty()) log::warning(fmt::format("{}: {}", name(), waiting_), {{"ACMED_CERTIFICATE", name()}});
  if (state_.trouble && !may_try(state_.trouble) && state_.trouble->not_before && loaded_) {
    log::warning(fmt::format("{}: waits until {}, as the CA asked: {}", name(), to_rfc3339(state_.trouble->next_try),
                             state_.trouble->sentence),
                 {{"ACMED_CERTIFICATE", name()}});
  }
}

Task<> Keeper::load() {
  std::exception_ptr failure;
  try {
    auto examined = co_await services_.store.examine_certificate(name());
    const auto before = std::exchange(state_, std::move(examined.certificate));
    forget_former_targets();
    forget_former_troubles();
    co_await compare(examined.live, std::move(examined.fault));
    loaded_ = true;
    if (before.trouble) state_.trouble.reset();  // it was that the state could not be read
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) co_await remember_failure(&state_.trouble, "its state is not readable", failure);
}

/// Facts before notes: what the state says is in service is compared with what is there.
Task<> Keeper::compare(std::optional<unsigned> live, std::optional<std::string> fault) {
  if (!state_.issued) co_return;
  for (auto& [target, deployment] : state_.deployments) {
    if (deployment.served == 0 || deployment.served_until != Time{})
      continue;  // else of a version that did not keep it
    const auto meta = co_await services_.store.generation_meta(name(), deployment.served);
    deployment.served_until = parse_rfc3339(meta["not_after"].text_or()).value_or(Time{});
  }
  damaged_ = fault.has_value();
  if (damaged_) {
    log::error(fmt::format("{}: {}: a new certificate is ordered", name(), *fault), {{"ACMED_CERTIFICATE", name()}});
    co_return;
  }
  if (live != state_.issued->generation) co_await settle_link();
  for (const auto& target : upkeep_.targets) {
    if (target.directory && is_deployed(target)) co_await look_at_target(&target);
  }
}

Task<> Keeper::look_at_target(const config::Target* target) {
  const auto current = co_await generation(state_.issued->generation);
  bool is_there = false;
  try {
    is_there = co_await offload([target = *target, current] { return deploy::is_in_place(target, current); });
  } catch (const Error& error) {
    log::warning(fmt::format("{}: target {}: {}", name(), target->name, error.what()));
  }
  if (is_there) co_return;
  log::warning(fmt::format("{}: target {} does not have the files of generation {:04} any more: it is deployed again",
                           name(), target->name, state_.issued->generation),
               {{"ACMED_CERTIFICATE", name()}, {"ACMED_TARGET", target->name}});
  auto& deployment = state_.deployments[target->name];
  deployment.settings.clear();
  deployment.in_place = 0;
}

void Keeper::forget_former_targets() {
  std::erase_if(state_.deployments, [this](const auto& entry) {
    return std::none_of(upkeep_.targets.begin(), upkeep_.targets.end(),
                        [&entry](const config::Target& target) { return target.name == entry.first; });
  });
}

/// A trouble ends when something else is asked for.
void Keeper::forget_former_troubles() {
  const auto end = [](std::optional<store::Trouble>& trouble, const std::string& about) {
    if (!trouble->about.empty() && trouble->about != about) trouble.reset();
  };
  if (state_.trouble) end(state_.trouble, fingerprint_of_request());
  for (const auto& target : upkeep_.targets) {
    const auto found = state_.deployments.find(target.name);
    if (found != state_.deployments.end() && found->second.trouble) end(found->second.trouble, fingerprint(target));
  }
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
    damaged_ = false;
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
  co_await remember_failure(&state_.trouble, "not issued", failure, fingerprint_of_request());
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
  const auto wanted = state_.issued->generation;
  const bool can_go_back = has_former_pair(*target) && is_worth_keeping(deployment);
  std::exception_ptr failure;
  bool took = false;
  bool new_files_stay = !target->directory && !can_go_back;
  try {
    deployment.begun = wanted;
    co_await save();
    if (!target->directory) co_await services_.store.make_live(name(), wanted);
    // What reads live/ goes back by the link, below; the others by their own files.
    std::optional<deploy::Generation> previous;
    if (target->directory && can_go_back) previous = co_await generation(deployment.served);
    const auto current = co_await generation(wanted);
    co_await deploy::to_target(*target, current, previous, now() + shortest_use(), "deploy");
    took = true;
    deployment = {wanted, wanted, fingerprint(*target), std::nullopt, state_.issued->not_after, wanted};
    co_await save();
    log::notice(fmt::format("{}: deployed to {}", name(), target->name),
                {{"ACMED_CERTIFICATE", name()}, {"ACMED_TARGET", target->name}});
  } catch (const Cancelled&) {
    throw;
  } catch (const deploy::NotTaken& error) {
    new_files_stay = new_files_stay || error.new_files_stay();
    failure = std::current_exception();
  } catch (const std::exception&) {
    new_files_stay = false;
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (took) {
    // The target has it, and keeps it; what is left to do is to write that down.
    co_await remember_failure(&state_.trouble, "deployed, but that could not be written down", failure);
    co_return;
  }
  if (new_files_stay) state_.deployments[target->name].in_place = wanted;
  co_await remember_failure(&state_.deployments[target->name].trouble, "not deployed", failure, fingerprint(*target));
  if (!target->directory && can_go_back) co_await roll_back_live(target, state_.deployments[target->name].served);
}

/// Whether the target once took an earlier generation, which it has or may have again.
bool Keeper::has_former_pair(const config::Target& target) const {
  const auto found = state_.deployments.find(target.name);
  if (found == state_.deployments.end()) return false;
  const auto& deployment = found->second;
  return deployment.served != 0 && deployment.served != state_.issued->generation &&
         deployment.in_place != state_.issued->generation;
}

/// What is left of a certificate's life when it is no longer worth going back to.
Duration Keeper::shortest_use() const {
  const Duration life = state_.issued->not_after - state_.issued->issued_at;
  return std::clamp<Duration>(life / 20, Duration::zero(), longest_shortest_use);
}

bool Keeper::is_worth_keeping(const store::Deployment& former) const {
  return former.served_until > now() + shortest_use();
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
    co_await deploy::to_target(*target, before, std::nullopt, now(), "rollback");
  } catch (const Error& error) {
    trouble = fmt::format(", but {} did not take it: {}", target->name, error.what());
  }
  log::warning(fmt::format("{}: generation {:04} is in service again{}", name(), served, trouble),
               {{"ACMED_CERTIFICATE", name()}, {"ACMED_TARGET", target->name}});
}

Task<> Keeper::remember_failure(std::optional<store::Trouble>* where, std::string what, std::exception_ptr failure,
                                std::string about) {
  Error error = Retry("internal", "");
  try {
    std::rethrow_exception(failure);
  } catch (const Error& ours) {
    error = ours;
  } catch (const std::exception& other) {
    error = Retry("internal", other.what());
  }
  *where = renew::after_failure(*where, error, {now(), chance(), end_in_service(), asked_, std::move(about)});
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

/// The end of the certificate that can be used meanwhile; nothing when there is none.
std::optional<Time> Keeper::end_in_service() const {
  if (!state_.issued || damaged_) return std::nullopt;
  return state_.issued->not_after;
}

/// Changes when anything changes that the CA is asked for, or as whom.
std::string Keeper::fingerprint_of_request() const {
  const auto& wanted = upkeep_.request;
  const auto& ca = wanted.authority->settings();
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n", ca.directory_url, crypto::to_text(wanted.key_type),
                  ca.account.external_account ? ca.account.external_account->key_id : "", ca.profile.value_or(""));
  for (const auto& domain : sorted(wanted.domains)) text += domain + "\n";
  return crypto::hex(crypto::sha256(text)).substr(0, 16);
}

Time Keeper::renewal_time() const {
  if (!state_.issued || damaged_ || !is_current()) return Time::min();
  return renew::due_at(*state_.issued, upkeep_.renew);
}

bool Keeper::may_try(const std::optional<store::Trouble>& trouble) const {
  return !trouble || renew::next_try(*trouble, asked_, now()) <= now();
}

bool Keeper::is_deployed(const config::Target& target) const {
  const auto found = state_.deployments.find(target.name);
  return found != state_.deployments.end() && found->second.served == state_.issued->generation &&
         found->second.settings == fingerprint(target);
}

/// A target that reads live/ and failed has put the link back: it goes forward again when that target is tried again,
/// or when the former certificate ends.
bool Keeper::live_was_rolled_back() const {
  return std::any_of(upkeep_.targets.begin(), upkeep_.targets.end(), [this](const config::Target& target) {
    if (target.directory || !has_former_pair(target)) return false;
    const auto& deployment = state_.deployments.at(target.name);
    return deployment.trouble && is_worth_keeping(deployment);
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
    next = std::max(next, ledger_.closed_until(ca.directory_url, end_in_service()).value_or(next));
  }
  if (!state_.values.empty()) next = std::min(next, state_.leftover ? state_.leftover->next_try : now());
  if (!loaded_ || !state_.issued) return next;
  for (const auto& target : upkeep_.targets) {
    if (is_deployed(target)) continue;
    const auto found = state_.deployments.find(target.name);
    const bool failed = found != state_.deployments.end() && found->second.trouble;
    next = std::min(next, failed ? found->second.trouble->next_try : now());
    if (failed && has_former_pair(target) && is_worth_keeping(found->second)) {
      next = std::min<Time>(next, found->second.served_until - shortest_use());
    }
  }
  return next;
}

bool Keeper::is_troubled() const {
  if (!waiting_.empty() || state_.trouble || (state_.leftover && !state_.values.empty())) return true;
  return std::ranges::any_of(state_.deployments, [](const auto& entry) { return entry.second.trouble.has_value(); });
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
