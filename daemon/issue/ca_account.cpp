// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/ca_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/foreign_text.h"
#include "base/log.h"
#include "daemon/acme/answer.h"

namespace acmed::issue {
namespace {

// A CA may move its URLs or change its terms: its directory is reread once a day.
constexpr Duration directory_lifetime = std::chrono::hours(24);
// Those who had to wait for a place at the CA come a moment after the others.
constexpr Duration shortest_memory = std::chrono::seconds(1);
constexpr Duration longest_memory = std::chrono::minutes(1);
// An account that was deactivated so soon would be followed by another one with each order.
constexpr Duration shortest_life = std::chrono::hours(24);
constexpr std::size_t longest_url = 200;

/// Types of problems that leave open whether they are about the account (RFC 8555 §6.7).
constexpr std::array<std::string_view, 3> unclear = {acme::problem_type::unauthorized, acme::problem_type::malformed,
                                                     "about:blank"};

store::Account fresh(store::AccountIdentity identity) {
  store::Account account;
  account.identity = std::move(identity);
  return account;
}

Task<bool> nothing_else() {
  co_return true;
}

}  // namespace

CaAccount::CaAccount(Loop& loop, store::Store& store, crypto::Keys& keys, const AuthoritySettings& settings,
                     Observer& observer)
    : loop_(loop),
      store_(store),
      keys_(keys),
      settings_(settings),
      observer_(observer),
      http_(loop, {.extra_trust_pem = settings.trust_pem}),
      trouble_(loop.clock()) {
  kept_.identity = settings.account_identity();
}

Task<std::shared_ptr<acme::Client>> CaAccount::client() {
  if (recovery_.is_under_way()) co_await recovery_.join(nothing_else());
  if (!is_open()) {
    trouble_.rethrow_if_recent();
    co_await opening_.join(attempt(open(false)));
  } else if (directory_is_old()) {
    trouble_.rethrow_if_recent();
    co_await opening_.join(attempt(refresh()));
  }
  co_return client_;
}

Task<> CaAccount::look_again() {
  co_await opening_.join(attempt(is_open() ? refresh() : open(true)));
}

void CaAccount::rest() {
  client_.reset();
  kept_ = fresh(kept_.identity);
  http_.rest();
}

/// Remembers a failure for as long as it took to come about: who waits for a time-out need not wait for it twice.
Task<> CaAccount::attempt(Task<> work) {
  const auto& clock = loop_.clock();
  const auto began = clock.moment();
  try {
    co_await std::move(work);
    trouble_.forget();
  } catch (const Error&) {
    trouble_.remember(std::current_exception(),
                      std::clamp<Duration>(clock.moment() - began, shortest_memory, longest_memory));
    throw;
  }
}

bool CaAccount::directory_is_old() const {
  const auto now = loop_.clock().now();
  return !kept_.directory || now - kept_.directory_read > directory_lifetime || kept_.directory_read > now;
}

Task<> CaAccount::open(bool read_anew) {
  co_await load();
  read_anew = read_anew || directory_is_old();
  if (read_anew) kept_.directory.reset();
  use_key();
  if (read_anew) co_await read_directory();
  if (kept_.url.empty()) {
    co_await enroll();
  } else if (read_anew) {
    co_await store_.save_account(kept_);
  }
  co_await tell_contact();
}

Task<> CaAccount::refresh() {
  client_->forget_directory();
  co_await read_directory();
  co_await store_.save_account(kept_);
  co_await tell_contact();
}

Task<> CaAccount::load() {
  auto known = co_await store_.load_account(kept_.identity);
  if (known) {
    kept_ = *std::move(known);
  } else {
    co_await make();
  }
}

/// A new key, or that of an account which the CA knows already: newAccount finds it (RFC 8555 §7.3.1).
Task<crypto::PrivateKey> CaAccount::key_to_register() {
  if (settings_.brought_key) co_return crypto::PrivateKey::from_pem(settings_.brought_key->pem);
  auto key = co_await keys_.generate(settings_.account_key);
  co_return key;
}

/// A key for an account that is still to be registered.
Task<> CaAccount::make() {
  kept_ = fresh(kept_.identity);
  const auto key = co_await key_to_register();
  kept_.key_pem = key.to_pem();
  co_await store_.save_account(kept_);
  // Another [ca.NAME] with the same account may have been first: then its key is the account's.
  if (auto kept = co_await store_.load_account(kept_.identity)) kept_ = *std::move(kept);
}

/// Whoever has the former client keeps it as long as needed.
void CaAccount::use_key() {
  client_ = std::make_shared<acme::Client>(http_, loop_.clock(), keys_, crypto::PrivateKey::from_pem(kept_.key_pem),
                                           acme::Location{settings_.directory_url, settings_.hosts}, kept_.directory);
  client_->tell([this](const std::string& request, int status, Duration elapsed) {
    observer_.asked_ca(settings_.name, request, status, elapsed);
  });
  if (!kept_.url.empty()) client_->use_account({kept_.url});
}

Task<> CaAccount::read_directory() {
  kept_.directory = co_await client_->directory();
  kept_.directory_read = loop_.clock().now();
}

/// Registers the key that is on disk.
Task<> CaAccount::enroll() {
  const auto account = co_await registered();
  if (account.status != acme::AccountStatus::valid) {
    throw Refused("acme:account", fmt::format("the key of our account {} at CA {} may not be used there any more",
                                              one_line(account.url, longest_url), settings_.name));
  }
  kept_.contact = settings_.account.contact;
  kept_.registered = loop_.clock().now();
  co_await save_url(account.url);
  log::notice(fmt::format("account at CA {}{}: {}", settings_.name, told_apart(), one_line(kept_.url, longest_url)),
              {{"ACMED_CA", settings_.name}});
}

/// An external account can often be bound once only. Where the answer was lost, or the request came twice, the CA has
/// the account already and refuses to make it: that key finds it.
Task<acme::Account> CaAccount::registered() {
  std::exception_ptr refusal;
  try {
    co_return co_await client_->register_account(settings_.account);
  } catch (const acme::ProblemError& error) {
    if (!settings_.account.external_account || error.advice() == Error::Advice::throttled) throw;
    refusal = error.in_context(
        Party::ca, fmt::format("CA {} does not bind the external account {} (most CAs take such a key only once: get "
                               "another one and set eab, if it was used before)",
                               settings_.name, settings_.account.external_account->key_id));
  }
  std::optional<acme::Account> existing;
  try {
    existing = co_await client_->find_account();
  } catch (const Error& error) {
    log::debug(error.what());
  }
  if (!existing || existing->url.empty()) std::rethrow_exception(refusal);
  client_->use_account(*existing);
  co_return *existing;
}

std::string CaAccount::told_apart() const {
  const auto& bound_to = kept_.identity.external_account;
  return bound_to.empty() ? "" : fmt::format(", bound to the external account {}", bound_to);
}

/// What was kept by a version that did not store the contact is told once. A CA that does not take it issues all the
/// same.
Task<> CaAccount::tell_contact() {
  const auto& wanted = settings_.account.contact;
  const bool is_known = kept_.contact.has_value();
  if (is_known ? *kept_.contact == wanted : wanted.empty()) co_return;
  try {
    co_await client_->update_contact(wanted);
    log::notice(fmt::format("CA {} was told the contact that the configuration names", settings_.name),
                {{"ACMED_CA", settings_.name}});
  } catch (const Error& error) {
    const bool was_answered = acme::verdict_on(error) != acme::Verdict::unknown;
    if (!was_answered && error.advice() != Error::Advice::throttled) throw;
    log::warning(fmt::format("the changed contact is not known to CA {}: {}", settings_.name, error.what()),
                 {{"ACMED_CA", settings_.name}});
    co_return;
  }
  kept_.contact = wanted;
  co_await store_.save_account(kept_);
}

bool CaAccount::may_concern(const Error& refusal) {
  if (const auto* answer = dynamic_cast<const acme::AnswerError*>(&refusal)) {
    return answer->status() == 401 || answer->status() == 403;
  }
  const auto* problem = dynamic_cast<const acme::ProblemError*>(&refusal);
  if (problem == nullptr) return false;
  const auto& type = problem->problem().type;
  const auto status = problem->problem().status;
  // 404 is about what was requested.
  const bool is_refused = status >= 400 && status <= 499 && status != 404;
  return type == acme::problem_type::account_does_not_exist || (is_refused && std::ranges::count(unclear, type) > 0);
}

Task<bool> CaAccount::recover(std::string url, bool is_forgotten) {
  if (kept_.url != url) co_return true;  // another caller has done so meanwhile
  co_return co_await recovery_.join(examine(is_forgotten));
}

Task<bool> CaAccount::examine(bool is_forgotten) {
  const auto ca = settings_.name;
  std::optional<acme::Account> found;
  if (!is_forgotten) {
    try {
      found = co_await client_->find_account();
    } catch (const Error& error) {
      log::debug(error.what());
      co_return false;  // the refusal that led here says more
    }
  }
  if (!found) {
    log::warning(fmt::format("CA {} does not know our account any more: its key is registered again", ca),
                 {{"ACMED_CA", ca}});
    co_await enroll();
    co_return true;
  }
  const auto url = one_line(kept_.url, longest_url);
  switch (found->status) {
    case acme::AccountStatus::valid:
      if (found->url == kept_.url) co_return false;
      log::warning(
          fmt::format("CA {} has our account {} at another URL now: {}", ca, url, one_line(found->url, longest_url)),
          {{"ACMED_CA", ca}});
      client_->use_account(*found);
      co_await save_url(found->url);
      co_return true;
    case acme::AccountStatus::revoked:
      throw Refused("acme:accountRevoked",
                    fmt::format("CA {} has revoked our account {}: ask the CA for the reason. acmed makes no other one "
                                "where the CA wants none; use another CA meanwhile",
                                ca, url));
    case acme::AccountStatus::deactivated:
      break;
  }
  if (loop_.clock().now() - kept_.registered < shortest_life) {
    throw Refused("acme:accountDeactivated",
                  fmt::format("our account {} at CA {} is deactivated less than a day after it was registered: ask the "
                              "CA for the reason; acmed makes no other one today",
                              url, ca));
  }
  log::warning(
      fmt::format("our account {} at CA {} is deactivated: a new one with a new key takes its place. What names "
                  "the old one (accounturi in CAA records) has to be changed",
                  url, ca),
      {{"ACMED_CA", ca}});
  co_await replace();
  co_return true;
}

Task<> CaAccount::replace() {
  const auto directory = kept_.directory;
  const auto directory_read = kept_.directory_read;
  co_await store_.retire_account(kept_.identity, loop_.clock().now());
  co_await make();
  kept_.directory = directory;
  kept_.directory_read = directory_read;
  use_key();
  co_await enroll();
}

Task<> CaAccount::save_url(std::string url) {
  kept_.url = std::move(url);
  co_await store_.save_account(kept_);
}

}  // namespace acmed::issue
