// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/issuing.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/log.h"
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

}  // namespace

Time Issuing::due() const {
  if (!kept_.state.issued || kept_.damaged || !is_current()) return Time::min();
  return renew::due_at(*kept_.state.issued, kept_.wanted.renew, kept_.state.renewal);
}

std::string Issuing::why_due() const {
  if (!kept_.state.issued) return "there is none yet";
  if (kept_.damaged) return "the files of the one in service cannot be used";
  const auto& issued = *kept_.state.issued;
  if (issued.directory_url != ca().directory_url) return "the configuration names another CA";
  if (issued.key_type != crypto::to_text(kept_.wanted.request.key_type))
    return "the configuration wants another key type";
  if (!is_current()) return "the configuration has other names";
  return renew::due_reason(issued, kept_.wanted.renew, kept_.state.renewal);
}

bool Issuing::is_current() const {
  const auto& issued = *kept_.state.issued;
  const auto& wanted = kept_.wanted.request;
  return issued.directory_url == ca().directory_url && issued.key_type == crypto::to_text(wanted.key_type) &&
         (issued.domains == wanted.domains || sorted(issued.domains) == sorted(wanted.domains));
}

std::string Issuing::about() const {
  const auto& wanted = kept_.wanted.request;
  const auto account = ca().account_identity();
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n", account.directory_url, account.external_account,
                                 account.key_type, crypto::to_text(wanted.key_type), ca().profile.value_or(""));
  for (const auto& domain : sorted(wanted.domains)) text += domain + "\n";
  return crypto::hex(crypto::sha256(text)).substr(0, 16);
}

std::optional<Time> Issuing::closed_until() const {
  return kept_.ledger.closed_until(ca().directory_url, kept_.end_in_service());
}

std::optional<Duty::Wait> Issuing::wait() const {
  const bool is_due = due() <= kept_.now();
  if (!is_due && !is_wanted()) return std::nullopt;
  const auto until = closed_until();
  if (!until || !is_due) return wait_for_dane();
  auto why = fmt::format("CA {} asked to be left alone until {}", ca().name, to_rfc3339(*until));
  const auto end = kept_.end_in_service();
  if (end && kept_.ledger.asked_until(ca().directory_url).value_or(*until) > *end) {
    why =
        fmt::format("CA {} asked to be left alone beyond {}, the end of the certificate in service: it is asked at {}",
                    ca().name, to_rfc3339(*end), to_rfc3339(*until));
  }
  return Wait{*until, std::move(why)};
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
  const bool is_open = co_await ca_is_open();
  if (!is_open) co_return;
  want(false);
  const auto before = generation();
  std::exception_ptr failure;
  try {
    co_await travel();
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (due() <= kept_.now() || generation() == before) {
    kept_.context.observer.not_issued(kept_.name(), ca().name);
    std::rethrow_exception(failure);
  }
  // The certificate exists; all that is left is to record it.
  kept_.unrecorded = true;
  recording_.meet(failure);
}

Task<> Issuing::travel() {
  std::exception_ptr failure;
  auto request = kept_.wanted.request;
  HeedfulAuthority authority(*request.authority, kept_.ledger, kept_.end_in_service(), kept_.forced);
  request.authority = &authority;
  issue::Journey journey(kept_.context, std::move(request), kept_.state);
  try {
    co_await journey.run();
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (journey.left_over()) leftovers_.meet(journey.left_over());
  if (failure) std::rethrow_exception(failure);
  kept_.damaged = false;
  co_await kept_.context.store.remove_old_generations(kept_.name(), kept_.needed_generations());
  co_await kept_.grant_key();
}

/// A CA that asked for a pause is left alone; when a person asks, a single request, shared by all certificates, shows
/// whether it still wants to be.
Task<bool> Issuing::ca_is_open() {
  if (kept_.forced) co_return true;
  if (closed_until() && kept_.asked) {
    auto* authority = kept_.wanted.request.authority;
    try {
      co_await kept_.ledger.ask_again(ca().directory_url, [authority] { return authority->look_again(); });
    } catch (const Error& unsaved) {
      log::error(
          fmt::format("that CA {} takes orders again cannot be kept over a restart: {}", ca().name, unsaved.what()));
    }
  }
  co_return !closed_until();
}

}  // namespace acmed::keep
