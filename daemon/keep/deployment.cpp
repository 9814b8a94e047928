// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/deployment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/log.h"
#include "daemon/issue/observer.h"

namespace acmed::keep {
namespace {

/// As versions wrote it that knew fewer forms: a new number would deploy everything again.
int number_of(config::FileKind kind) {
  using enum config::FileKind;
  constexpr std::array order = {
      cert, chain,  fullchain,    privkey, combined, privkey_traditional, privkey_der, combined_key_last,
      der,  pkcs12, pkcs12_legacy};
  return static_cast<int>(std::ranges::find(order, kind) - order.begin());
}

/// Changes whenever something changes that a deployment depends on.
std::string fingerprint(const config::Target& target) {
  std::string text = fmt::format("{}\n{}\n{}\n{:o}\n", target.directory.value_or("").string(),
                                 target.owner.value_or(""), target.group.value_or(""), target.mode);
  for (const auto& [kind, file] : target.files) text += fmt::format("{}={}\n", number_of(kind), file);
  for (const auto& [kind, access] : target.accesses) {
    text += fmt::format("{} {} {} {:o}\n", number_of(kind), access.owner.value_or(""), access.group.value_or(""),
                        access.mode);
  }
  for (const auto& argument : target.test) text += "test " + argument + "\n";
  for (const auto& unit : target.reload) text += "reload " + unit + "\n";
  for (const auto& unit : target.restart) text += "restart " + unit + "\n";
  for (const auto& argument : target.post_hook) text += "hook " + argument + "\n";
  if (const auto& verify = target.verify) {
    text += fmt::format("verify {} {} {} {}\n", verify->host, verify->port, verify->server_name,
                        static_cast<int>(verify->start_tls));
  }
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

std::string Deployment::why_due() const {
  const auto* found = kept_.deployment(target_);
  const auto wanted = kept_.state.issued ? kept_.state.issued->generation : 0;
  if (found == nullptr || found->served != wanted) return fmt::format("it does not have generation {} yet", wanted);
  return "its settings have changed, or its files are not what they were";
}

TargetView Deployment::view() {
  TargetView view;
  view.name = target_.name;
  const auto* found = kept_.deployment(target_);
  view.generation = found != nullptr ? found->served : 0;
  view.in_step = kept_.state.issued && is_deployed(kept_, target_);
  if (found != nullptr && found->trouble) view.trouble = view_of(name(), *found->trouble);
  return view;
}

std::string Deployment::about() const {
  return fingerprint(target_);
}

Time Deployment::last_chance() const {
  if (!kept_.has_former_pair(target_)) return Time::max();
  const auto end = kept_.deployment(target_)->served_until;
  return end == chance_taken_ ? Time::max() : end - kept_.shortest_use();
}

Task<> Deployment::perform() {
  want(false);
  auto& deployment = kept_.state.deployments[target_.name];
  const auto wanted = kept_.state.issued->generation;
  const bool has_former_pair = kept_.has_former_pair(target_);
  const bool can_go_back = has_former_pair && kept_.is_worth_keeping(deployment);
  if (has_former_pair && !can_go_back) chance_taken_ = deployment.served_until;
  const auto former = deployment.served;  // 0: files that somebody else put there
  hope_.reset();
  try {
    co_await take(can_go_back);
  } catch (const deploy::NotTaken& error) {
    kept_.context.observer.not_deployed(kept_.name(), target_.name);
    if (error.left() == deploy::NotTaken::Left::with_new_pair) deployment.in_place = wanted;
    if (deployment.in_place == wanted) hope_for_others();
    if (error.left() == deploy::NotTaken::Left::rolled_back && former != 0) {
      kept_.context.observer.rolled_back(kept_.name(), target_.name, former);
    }
    throw;
  }
  deployment = {wanted, wanted, fingerprint(target_), std::nullopt, kept_.state.issued->not_after, wanted};
  try {
    co_await kept_.save();
  } catch (const Error&) {
    // The target has it and keeps it.
    kept_.unrecorded = true;
    recording_.meet(std::current_exception());
  }
  kept_.context.observer.deployed(kept_.name(), target_.name);
}

/// Null when its files are gone: then there is no way back, which is no reason not to proceed.
Task<std::shared_ptr<const deploy::Subject>> Deployment::readable_subject(unsigned number) {
  try {
    co_return co_await kept_.subject(&target_, number);
  } catch (const Error& error) {
    log::warning(fmt::format("{}: {}", kept_.name(), error.what()), {{"ACMED_CERTIFICATE", kept_.name()}});
  }
  co_return nullptr;
}

Task<> Deployment::take(bool can_go_back) {
  auto& deployment = kept_.state.deployments[target_.name];
  const auto wanted = kept_.state.issued->generation;
  deployment.begun = wanted;
  co_await kept_.save();
  if (!target_.directory) co_await kept_.settle_live();
  deploy::Member member;
  if (can_go_back) member.former = co_await readable_subject(deployment.served);
  member.subject = co_await kept_.subject(&target_, wanted);
  member.worth_until = kept_.now() + kept_.shortest_use();
  co_await kept_.deployments.deploy(std::move(member), std::move(announcement_));
}

void Deployment::hope_for_others() {
  hope_ = kept_.deployments.watch(target_, [this] {
    if (auto& remembered = trouble()) remembered->next_try = kept_.now();
    if (kept_.when_sooner != nullptr) (*kept_.when_sooner)(kept_.name());
  });
}

void Deployment::announce() {
  if (!announcement_.is_made()) announcement_ = kept_.deployments.announce(target_);
}

}  // namespace acmed::keep
