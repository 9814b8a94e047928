// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/issuing.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/log.h"
#include "daemon/issue/abandoned_orders.h"
#include "daemon/issue/observer.h"
#include "daemon/keep/dane.h"
#include "daemon/keep/heedful_authority.h"
#include "daemon/renew/due.h"

namespace acmed::keep {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

Error error_in(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error;
  }
}

std::exception_ptr failure_of(const Duty::Wait& wait, const char* cause) {
  return std::make_exception_ptr(Throttled(cause, wait.why, wait.until, Party::ca));
}

/// Whether all that was met are pauses of which we knew, so that none of the CAs was asked.
bool is_waited_for(const std::vector<renew::Refusal>& refusals) {
  return std::ranges::all_of(refusals, [](const renew::Refusal& refusal) { return refusal.is_known; });
}

}  // namespace

Time Issuing::due() const {
  if (!kept_.state.issued || kept_.damaged || !is_current()) return Time::min();
  if (store::is_live_revoked(kept_.state) || is_to_be_replaced()) return Time::min();
  return kept_.renewal_due();
}

std::string Issuing::why_due() const {
  if (!kept_.state.issued) return "there is none yet";
  if (kept_.damaged) return "the files of the one in service cannot be used";
  if (store::is_live_revoked(kept_.state)) return "the one in service is revoked";
  if (is_to_be_replaced()) return "the one in service is to be revoked as soon as there is another one";
  const auto& issued = *kept_.state.issued;
  if (kept_.issuer().settings().directory_url != issued.directory_url) return "the configuration names another CA";
  if (!has_wanted_key())
    return kept_.wanted.request.key || !issued.key_uri.empty() ? "the configuration names another key"
                                                               : "the configuration wants another key type";
  if (is_of_other_profile()) return "the configuration wants another profile";
  if (!is_current()) return "the configuration has other names";
  if (kept_.place && kept_.place->at() != kept_.place->usual())
    return "it shares the time with fewer others than later";
  if (kept_.state.star) return "the CA has published the next one of the same order by then";
  return renew::due_reason(issued, kept_.wanted.renew, kept_.state.renewal);
}

bool Issuing::is_to_be_replaced() const {
  const auto* found = store::revocation_of(kept_.state, generation());
  return found != nullptr && !found->revoked && found->after_next;
}

/// A certificate of any of its CAs is as good as one of the first, until it is renewed.
bool Issuing::is_current() const {
  const auto& issued = *kept_.state.issued;
  const auto& wanted = kept_.wanted.request;
  return issued.directory_url == kept_.issuer().settings().directory_url && has_wanted_key() &&
         !is_of_other_profile() &&
         (issued.domains == wanted.domains || sorted(issued.domains) == sorted(wanted.domains));
}

/// A key in a token has the type that it has, unless the configuration says which.
bool Issuing::has_wanted_key() const {
  const auto& issued = *kept_.state.issued;
  const auto& wanted = kept_.wanted.request;
  if (issued.key_uri != (wanted.key ? wanted.key->uri : std::string())) return false;
  const auto type = wanted.key ? wanted.key->type : std::optional(wanted.key_type);
  return !type || issued.key_type == crypto::to_text(*type);
}

/// What was wanted counts, not what the CA offered: otherwise one that has no such profile would be asked for ever.
bool Issuing::is_of_other_profile() const {
  const auto& issued = *kept_.state.issued;
  return issued.profile && *issued.profile != kept_.wanted.request.profile_at(kept_.issuer()).name;
}

std::string Issuing::about() const {
  const auto& wanted = kept_.wanted.request;
  std::string text;
  for (const auto* authority : kept_.authorities()) {
    const auto& ca = authority->settings();
    const auto account = ca.account_identity();
    text += fmt::format("{}\n{}\n{}\n{}\n{}\n", account.directory_url, account.external_account, account.key_type,
                        crypto::to_text(wanted.key_type), wanted.profile_at(*authority).name);
    if (!account.label.empty()) text += "account " + account.label + "\n";
  }
  text += config::names_of(wanted.challenges) + "\n";
  if (wanted.key) text += wanted.key->uri + "\n";
  if (!wanted.delegation.empty()) text += "delegation " + wanted.delegation + "\n";
  for (const auto& domain : sorted(wanted.domains)) text += domain + "\n";
  if (store::is_live_revoked(kept_.state)) text += "revoked\n";
  return crypto::hex(crypto::sha256(text)).substr(0, 16);
}

std::optional<Duty::Wait> Issuing::pause_of(const issue::AuthoritySettings& ca) const {
  const auto end = kept_.end_in_service();
  const auto until = kept_.ledger.closed_until(ca.directory_url, end);
  if (!until) return std::nullopt;
  auto why = fmt::format("CA {} asked to be left alone until {}", ca.name, to_rfc3339(*until));
  if (end && kept_.ledger.asked_until(ca.directory_url).value_or(*until) > *end) {
    why =
        fmt::format("CA {} asked to be left alone beyond {}, the end of the certificate in service: it is asked at {}",
                    ca.name, to_rfc3339(*end), to_rfc3339(*until));
  }
  return Wait{*until, std::move(why)};
}

/// With several CAs, the first pause to end.
std::optional<Duty::Wait> Issuing::wait_for_cas() const {
  if (is_before_appointment()) return appointment_->wait;
  std::optional<Wait> first;
  for (const auto* authority : in_turn()) {
    auto pause = pause_of(authority->settings());
    if (!pause || renew::is_worth_waiting(pause->until, kept_.now())) return pause;
    if (!first || pause->until < first->until) first = std::move(pause);
  }
  return first;
}

std::optional<Duty::Wait> Issuing::wait() const {
  const bool is_due = due() <= kept_.now();
  if (!is_due && !is_wanted()) return std::nullopt;
  if (is_due) {
    if (auto pause = wait_for_cas()) return pause;
  }
  return wait_for_dane();
}

/// Services must not switch to a key before every resolver can know it.
std::optional<Duty::Wait> Issuing::wait_for_dane() const {
  const auto now = kept_.now();
  const auto usable = next_key_usable(kept_);
  if (usable <= now) return std::nullopt;
  if (usable != Time::max()) {
    return Wait{usable, fmt::format("waits until {}: by then no resolver knows the DNS without the TLSA records of the "
                                    "next key",
                                    to_rfc3339(usable))};
  }
  const auto& trouble = kept_.state.dane_trouble;
  auto why = trouble ? fmt::format("waits for the TLSA records of the next key: {}", trouble->sentence)
                     : std::string("waits for the TLSA records of the next key, which are not in the DNS yet");
  return Wait{trouble ? std::max(trouble->next_try, now) : now, std::move(why)};
}

Task<> Issuing::perform() {
  if (wait_for_dane()) co_return;
  const auto before = generation();
  std::vector<renew::Refusal> refusals;
  co_await ask_all(&refusals);
  if (refusals.empty()) co_return;
  if (is_waited_for(refusals)) {  // no failure: nobody was asked
    keep_appointment();
    co_return;
  }
  const auto failure = renew::joined(refusals);
  if (due() <= kept_.now() || generation() == before) std::rethrow_exception(failure);
  // The certificate exists; all that is left is to record it.
  kept_.unrecorded = true;
  recording_.meet(refusals.back().failure);
}

/// A CA's pause may end sooner than it said; a place among those who wait for the room in its limits is ours.
void Issuing::keep_appointment() {
  if (is_before_appointment()) return;  // whoever asks again keeps the place that it has
  appointment_.reset();
  std::vector<renew::Refusal> places;
  bool is_place = false;
  for (const auto* ca : in_turn()) {
    const auto& settings = ca->settings();
    auto wait = pause_of(settings);
    if (!wait) {
      auto placed = kept_.ledger.limits(settings.directory_url).place(counted(settings), kept_.now());
      if (!placed) return;  // there is room by now
      wait = Wait{placed->until, std::move(placed->sentence)};
      is_place = true;
    }
    places.push_back({settings.name, failure_of(*wait, renew::limit_reached), true});
    if (renew::is_worth_waiting(wait->until, kept_.now())) break;
  }
  if (!is_place) return;
  const auto error = error_in(renew::joined(places));
  appointment_ = Appointment{{error.not_before().value_or(kept_.now()), error.what()}, kept_.now()};
}

/// Asks one CA after another until one has issued: then `refusals` is empty.
Task<> Issuing::ask_all(std::vector<renew::Refusal>* refusals) {
  const bool failed_before = kept_.state.trouble.has_value();
  const auto all = in_turn();
  const auto before = generation();
  bool was_asked = false;
  for (auto* ca : all) {
    const auto& settings = ca->settings();
    const bool is_last = ca == all.back();
    co_await become_open(ca);
    auto pause = kept_.forced ? std::nullopt : pause_of(settings);
    const char* cause = renew::left_alone;
    if (!pause) {
      pause = lack_of_room(settings);
      cause = renew::limit_reached;
    }
    std::exception_ptr failure;
    bool is_for_next = true;
    if (pause) {
      failure = failure_of(*pause, cause);
      is_for_next = !renew::is_worth_waiting(pause->until, kept_.now());
    } else {
      want(false);
      was_asked = true;
      take_up_order_at(settings);
      try {
        co_await travel(ca);
        refusals->clear();
        appointment_.reset();
        co_return;
      } catch (const Error& error) {
        failure = std::current_exception();
        is_for_next = renew::is_for_the_next_ca(error, failed_before);
      }
    }
    refusals->push_back({settings.name, failure, pause.has_value()});
    if (was_asked && generation() != before && due() > kept_.now()) co_return;
    if (!pause) kept_.context.observer.not_issued(kept_.name(), settings.name);
    if (!is_for_next) break;
    if (!is_last) {
      log::warning(fmt::format("{}: CA {} does not issue, the next one is asked: {}", kept_.name(), settings.name,
                               renew::sentence_of(refusals->back())),
                   {{"ACMED_CERTIFICATE", kept_.name()}, {"ACMED_CA", settings.name}});
    }
  }
}

bool Issuing::is_order_kept(const issue::AuthoritySettings& ca) const {
  const auto is_its = [account = ca.account_identity()](const store::OpenOrder& order) {
    return order.account == account;
  };
  const auto& state = kept_.state;
  if (state.star && is_its(state.star->order)) return true;
  return (state.order && is_its(*state.order)) || (state.set_aside && std::ranges::any_of(*state.set_aside, is_its));
}

renew::CountedOrder Issuing::counted(const issue::AuthoritySettings& ca) const {
  const auto& wanted = kept_.wanted.request;
  auto order = counted_order(ca, wanted.domains);
  order.not_after = kept_.end_in_service();
  if (const auto& issued = kept_.state.issued; issued && issued->directory_url == ca.directory_url) {
    renew::count_as_renewal(order, *issued, kept_.state.renewal, kept_.now());
  }
  const auto does_not_look = [](const auto& policy) { return policy.second.require == dns::Require::none; };
  if (wanted.policies && std::ranges::any_of(*wanted.policies, does_not_look)) order.failures_spared = 2;
  return order;
}

/// Until when a new order there has to wait. An order that is kept has been counted already.
std::optional<Duty::Wait> Issuing::lack_of_room(const issue::AuthoritySettings& ca) const {
  if (is_order_kept(ca)) return std::nullopt;
  const auto order = counted(ca);
  const auto now = kept_.now();
  auto wait = kept_.ledger.limits(ca.directory_url).wait(order, now, !kept_.forced, is_expected());
  if (!wait) return std::nullopt;
  return Wait{wait->until, std::move(wait->sentence)};
}

/// An order under way is finished where it was made. What a CA was not asked for in this try stays as it is.
std::vector<issue::Authority*> Issuing::in_turn() const {
  auto all = kept_.authorities();
  const auto& order = kept_.state.order;
  if (!order) return all;
  const auto is_its = [&order](issue::Authority* ca) { return ca->settings().account_identity() == order->account; };
  const auto found = std::ranges::find_if(all, is_its);
  if (found != all.end()) std::rotate(all.begin(), found, found + 1);
  return all;
}

/// The order of another CA is set aside for the time when that is asked again, and one that was set aside is gone on
/// with. The journey drops what has expired or is of no CA any more.
void Issuing::take_up_order_at(const issue::AuthoritySettings& ca) {
  auto& state = kept_.state;
  const auto account = ca.account_identity();
  if (kept_.wanted.fallbacks.empty() || (state.order && state.order->account == account)) return;
  auto aside = state.set_aside ? std::move(*state.set_aside) : std::vector<store::OpenOrder>();
  const auto now = kept_.now();
  std::erase_if(aside, [&](const store::OpenOrder& order) {
    return (order.expires && *order.expires <= now) || (state.order && state.order->account == order.account);
  });
  if (state.order) aside.push_back(std::move(*state.order));
  state.order.reset();
  const auto own = std::ranges::find(aside, account, &store::OpenOrder::account);
  if (own != aside.end()) {
    state.order = std::move(*own);
    aside.erase(own);
  }
  // Those of accounts that are configured no more.
  const auto all = kept_.authorities();
  std::erase_if(aside, [&all](const store::OpenOrder& order) {
    return std::ranges::none_of(
        all, [&order](const issue::Authority* each) { return each->settings().account_identity() == order.account; });
  });
  state.set_aside.reset();
  if (!aside.empty()) state.set_aside = std::move(aside);
}

Task<> Issuing::travel(issue::Authority* ca) {
  std::exception_ptr failure;
  if (kept_.damaged && kept_.state.star) {  // whoever damaged the files may have read the key
    if (kept_.context.abandoned != nullptr) kept_.context.abandoned->add(kept_.name(), *kept_.state.star);
    kept_.state.star.reset();
  }
  auto request = kept_.wanted.request;
  HeedfulAuthority authority(*ca, kept_.ledger, kept_.end_in_service(), kept_.forced, counted(ca->settings()));
  request.authority = &authority;
  const bool was_begun_elsewhere = kept_.state.set_aside.has_value();
  issue::Journey journey(kept_.context, std::move(request), kept_.state);
  try {
    co_await journey.run();
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (!journey.is_recorded()) kept_.unsaved = true;
  if (journey.left_over()) leftovers_.meet(journey.left_over());
  if (failure) std::rethrow_exception(failure);
  if (was_begun_elsewhere) {
    log::info(fmt::format("{}: CA {} has issued: what was ordered of other CAs is given up, and expires there",
                          kept_.name(), ca->settings().name),
              {{"ACMED_CERTIFICATE", kept_.name()}});
  }
  kept_.damaged = false;
  co_await kept_.context.store.remove_old_generations(kept_.name(), kept_.needed_generations());
  co_await kept_.grant_key();
}

/// A CA that asked for a pause is left alone; when a person asks, a single request, shared by all certificates, shows
/// whether it still wants to be.
Task<> Issuing::become_open(issue::Authority* ca) {
  const auto& settings = ca->settings();
  if (kept_.forced || !kept_.asked || !kept_.ledger.closed_until(settings.directory_url, kept_.end_in_service()))
    co_return;
  try {
    co_await kept_.ledger.ask_again(settings.directory_url, [ca] { return ca->look_again(); });
  } catch (const Error& unsaved) {
    log::error(
        fmt::format("that CA {} takes orders again cannot be kept over a restart: {}", settings.name, unsaved.what()));
  }
}

}  // namespace acmed::keep
