// SPDX-License-Identifier: Apache-2.0
#include "daemon/keep/heedful_authority.h"

#include <fmt/format.h>

#include "base/crypto/digest.h"
#include "base/crypto/encoding.h"
#include "base/log.h"
#include "daemon/renew/fail_over.h"
#include "daemon/renew/registered_domain.h"

namespace acmed::keep {

Task<std::string> HeedfulAuthority::account_url() {
  return heeding(ca_.account_url());
}

Task<acme::Directory> HeedfulAuthority::directory() {
  return heeding(ca_.directory());
}

renew::CountedOrder counted_order(const issue::AuthoritySettings& ca, std::vector<std::string> names) {
  const auto account = ca.account_identity();
  auto text = fmt::format("{}\n{}\n{}", account.external_account, account.key_type, account.brought_key);
  if (!account.label.empty()) text += "\n" + account.label;
  renew::CountedOrder order;
  order.account = crypto::hex(crypto::sha256(text)).substr(0, 12);
  order.domains = renew::registered_domains(names);
  order.names = std::move(names);
  return order;
}

HeedfulAuthority::~HeedfulAuthority() {
  release();
}

void HeedfulAuthority::reserve(bool* is_new) {
  *is_new = limits().ordered(counted_, now()) || *is_new;
  is_reserved_ = true;
}

void HeedfulAuthority::release() noexcept {
  if (std::exchange(is_reserved_, false)) limits().released(counted_);
}

/// What the order uses of the CA's limits is on disk before the CA hears of it.
Task<acme::Order> HeedfulAuthority::new_order(std::vector<std::string> names, std::string replaces,
                                              config::Profile profile) {
  require_open();
  if (counted_.names != names) counted_ = counted_order(settings(), names);
  counted_.replaces = counted_.replaces && !replaces.empty();
  require_room();
  release();
  bool is_new = false;
  reserve(&is_new);
  co_await keep_ledger(std::exchange(is_new, false));
  std::exception_ptr refusal;
  try {
    auto order = co_await heeding(ca_.new_order(std::move(names), std::move(replaces), std::move(profile)));
    if (counted_.replaces && order.replaces.empty()) {
      // It was taken as any other, and counts as one.
      release();
      counted_.replaces = false;
      reserve(&is_new);
      co_await keep_ledger(is_new);
    }
    co_return order;
  } catch (const Error& error) {
    release();
    const auto limit = renew::limit_in(error);
    if (!limit) throw;
    limits().said(counted_, limit->detail, now(), limit->until);
    refusal = std::current_exception();
  }
  co_await keep_ledger(true);
  std::rethrow_exception(refusal);
}

Task<acme::Delegation> HeedfulAuthority::delegation(std::string wanted) {
  return heeding(ca_.delegation(std::move(wanted)));
}

/// What the CA behind the server counts, its own customer keeps to.
Task<acme::Order> HeedfulAuthority::new_delegated_order(std::vector<std::string> names, std::string delegation_url) {
  return heeding(ca_.new_delegated_order(std::move(names), std::move(delegation_url)));
}

Task<std::optional<acme::RenewalInfo>> HeedfulAuthority::renewal_info(std::string certificate_id) {
  return heeding(ca_.renewal_info(std::move(certificate_id)));
}

Task<acme::Order> HeedfulAuthority::order(std::string url) {
  return heeding(ca_.order(std::move(url)));
}

Task<acme::Order> HeedfulAuthority::order_leaves_pending(std::string url, Duration limit) {
  return polling(ca_.order_leaves_pending(std::move(url), limit));
}

Task<acme::Order> HeedfulAuthority::order_ends(acme::Order order, Duration limit) {
  return polling(ca_.order_ends(std::move(order), limit));
}

Task<acme::Authorization> HeedfulAuthority::authorization(std::string url) {
  auto seen = co_await heeding(ca_.authorization(std::move(url)));
  co_await note(seen);
  co_return seen;
}

Task<acme::Authorization> HeedfulAuthority::authorization_leaves_pending(std::string url, Duration limit) {
  auto seen = co_await polling(ca_.authorization_leaves_pending(std::move(url), limit));
  co_await note(seen);
  co_return seen;
}

/// Failed authorizations are counted by the CA, each once.
Task<> HeedfulAuthority::note(const acme::Authorization& seen) {
  for (const auto& challenge : seen.challenges) names_[challenge.url] = seen.identifier;
  const bool has_failed = seen.status == acme::AuthorizationStatus::invalid && failed_.insert(seen.url).second;
  return keep_ledger(has_failed && limits().failed(counted_.account, seen.identifier, now()));
}

Task<> HeedfulAuthority::deactivate_authorization(std::string url) {
  return heeding(ca_.deactivate_authorization(std::move(url)));
}

Task<> HeedfulAuthority::respond(std::string challenge_url) {
  require_spare_failure(challenge_url);
  return heeding(ca_.respond(std::move(challenge_url)));
}

/// A certificate counts from the moment when the CA is told to issue it.
Task<acme::Order> HeedfulAuthority::finalize(acme::Order ready, std::string csr_der) {
  require_open();
  counted_.replaces = counted_.replaces && !ready.replaces.empty();
  release();
  co_await keep_ledger(limits().issued(counted_, now()));
  std::exception_ptr refusal;
  try {
    co_return co_await heeding(ca_.finalize(std::move(ready), std::move(csr_der)));
  } catch (const Error& error) {
    if (!renew::is_refusal(error)) throw;
    refusal = std::current_exception();
  }
  co_await keep_ledger(limits().not_issued(counted_, now()));
  std::rethrow_exception(refusal);
}

Task<std::vector<crypto::Certificate>> HeedfulAuthority::certificate(std::string url, std::string preferred_chain) {
  return heeding(ca_.certificate(std::move(url), std::move(preferred_chain)));
}

Task<std::vector<crypto::Certificate>> HeedfulAuthority::public_certificate(std::string url) {
  return heeding(ca_.public_certificate(std::move(url)));
}

template <class Result>
Task<Result> HeedfulAuthority::heeding(Task<Result> request) {
  require_open();
  co_await ledger_.pace(settings().directory_url);
  auto asking = co_await ledger_.first_request(settings().directory_url).turn();
  require_open();
  std::exception_ptr failure;
  try {
    if constexpr (std::is_void_v<Result>) {
      co_await std::move(request);
      asking.answered();
      co_return;
    } else {
      auto result = co_await std::move(request);
      asking.answered();
      co_return result;
    }
  } catch (const Error& error) {
    failure = std::current_exception();
    if (!renew::Ledger::concerns_all(error)) {
      asking.answered();
      throw;
    }
  }
  co_await tell_ledger(failure);
  asking.failed(failure);
  std::rethrow_exception(failure);
}

/// A poll takes minutes: nobody waits for its end to learn whether the CA answers.
template <class Result>
Task<Result> HeedfulAuthority::polling(Task<Result> poll) {
  require_open();
  std::exception_ptr failure;
  try {
    co_return co_await std::move(poll);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  co_await tell_ledger(failure);
  std::rethrow_exception(failure);
}

void HeedfulAuthority::require_open() const {
  if (forced_) return;
  ledger_.require_open(settings().name, settings().directory_url, not_after_);
}

void HeedfulAuthority::require_room() const {
  const auto wait = limits().wait(counted_, now(), !forced_, true);
  if (!wait) return;
  throw Throttled(wait->is_said ? renew::limit_named : renew::limit_reached, wait->sentence, wait->until, Party::ca);
}

/// The last failed authorization that a CA allows is not risked where nobody has looked at the DNS.
void HeedfulAuthority::require_spare_failure(const std::string& challenge_url) const {
  const auto name = names_.find(challenge_url);
  if (forced_ || counted_.failures_spared < 2 || name == names_.end()) return;
  if (limits().failures_left(counted_.account, name->second, now()) >= counted_.failures_spared) return;
  throw Throttled(
      renew::limit_reached,
      fmt::format("CA {} allows one more failed validation of {} for now, which is not risked without a look "
                  "at the DNS: set `require` in [propagation] to something else than \"none\"",
                  settings().name, name->second),
      std::nullopt, Party::ca);
}

Task<> HeedfulAuthority::keep_ledger(bool is_new) {
  if (!is_new) co_return;
  try {
    co_await ledger_.keep();
  } catch (const Error& unsaved) {
    log::error(fmt::format("what was used of the limits of CA {} cannot be kept over a restart: {}", settings().name,
                           unsaved.what()));
  }
}

Task<> HeedfulAuthority::tell_ledger(std::exception_ptr failure) {
  try {
    co_await ledger_.learn(settings().directory_url, std::move(failure));
  } catch (const Error& unsaved) {
    log::error(fmt::format("the CA's pause cannot be kept over a restart: {}", unsaved.what()));
  }
}

}  // namespace acmed::keep
