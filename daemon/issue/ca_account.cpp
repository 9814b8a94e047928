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

/// Whether a refusal of a new account may be one of its external account binding.
bool may_be_about_binding(const acme::ProblemError& refusal) {
  const auto& type = refusal.problem().type;
  return refusal.advice() != Error::Advice::throttled && refusal.problem().status < 500 &&
         type != acme::problem_type::server_internal && type != acme::problem_type::invalid_contact &&
         type != acme::problem_type::unsupported_contact && type != acme::problem_type::user_action_required;
}

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

/// Where nobody knows which key the account has, both are on disk, and the CA is asked.
bool CaAccount::is_open() const noexcept {
  return !kept_.url.empty() && kept_.next_key_pem.empty() && !kept_.deactivated && !is_outdated_ &&
         client_ != nullptr && !client_->key_is_in_doubt();
}

Task<std::shared_ptr<acme::Client>> CaAccount::existing_client() {
  if (!is_open()) {
    const auto known = co_await store_.load_account(kept_.identity);
    if (!known || known->url.empty() || known->deactivated) co_return nullptr;
  }
  co_return co_await client();
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
  if (kept_.deactivated) {
    if (!kept_.is_deactivation_known) co_await end_deactivation();
    require_active(kept_);
  }
  if (!kept_.next_key_pem.empty()) co_await settle_key();
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
  is_outdated_ = false;
  auto known = co_await store_.load_account(kept_.identity);
  if (known) {
    kept_ = *std::move(known);
  } else {
    co_await make();
  }
}

/// A key change was begun and nobody knows how it ended: the CA does (RFC 8555 §7.3.1).
Task<> CaAccount::settle_key() {
  const auto next = crypto::PrivateKey::from_pem(kept_.next_key_pem);
  const bool is_taken = co_await knows(next);
  if (!is_taken) {
    const bool has_former = co_await knows(crypto::PrivateKey::from_pem(kept_.key_pem));
    if (!has_former) {
      log::warning(fmt::format("CA {} knows neither the former nor the new key of our account", settings_.name),
                   {{"ACMED_CA", settings_.name}});
    }
  }
  co_await store_.settle_key(kept_.identity, is_taken);
  if (is_taken) kept_.key_pem = kept_.next_key_pem;
  kept_.next_key_pem = Secret();
  use_key();
  log::notice(fmt::format("the key of our account at CA {} {}", settings_.name,
                          is_taken ? "was changed before acmed ended: the new one is used"
                                   : "was not changed before acmed ended: the former one is used"),
              {{"ACMED_CA", settings_.name}});
}

/// Whether it is the key of an account at the CA.
Task<bool> CaAccount::knows(crypto::PrivateKey key) {
  acme::Client asking(http_, loop_.clock(), keys_, std::move(key),
                      acme::Location{settings_.directory_url, settings_.hosts}, kept_.directory);
  const auto found = co_await asking.find_account();
  co_return found.has_value();
}

Task<> CaAccount::roll_key() {
  co_await change_.join(roll());
}

Task<> CaAccount::roll() {
  const auto ca = co_await client_of_active();
  const auto next = co_await keys_.generate(settings_.account_key);
  co_await store_.save_next_key(kept_.identity, next.to_pem());
  std::exception_ptr failure;
  try {
    co_await ca->change_key(next);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (failure) {
    if (ca->key_is_in_doubt()) std::rethrow_exception(failure);  // both stay: client() finds out
    co_await store_.settle_key(kept_.identity, false);
    std::rethrow_exception(failure);
  }
  kept_.key_pem = next.to_pem();
  try {
    co_await store_.settle_key(kept_.identity, true);
  } catch (const Error& unsaved) {
    log::error(fmt::format("the new key of our account at CA {} is in next_key.pem and takes its place at the next "
                           "start: {}",
                           settings_.name, unsaved.what()),
               {{"ACMED_CA", settings_.name}});
  }
  log::notice(fmt::format("our account {} at CA {} has a new key{}", one_line(kept_.url, longest_url), settings_.name,
                          settings_.brought_key ? ": the one that account_key names finds no account any more, keep "
                                                  "the state directory"
                                                : ""),
              {{"ACMED_CA", settings_.name}});
}

/// For what a person wants of the account.
Task<std::shared_ptr<acme::Client>> CaAccount::client_of_active() {
  const auto known = co_await store_.load_account(kept_.identity);
  if (known) require_active(*known);
  if (!known || known->url.empty()) {
    throw Refused("acme:noAccount",
                  fmt::format("there is no account at CA {} yet: the first order makes one", settings_.name));
  }
  co_return co_await client();
}

Task<> CaAccount::deactivate() {
  co_await change_.join(deactivate_active());
}

Task<> CaAccount::deactivate_active() {
  co_await client_of_active();
  kept_.deactivated = loop_.clock().now();
  kept_.is_deactivation_known = false;
  co_await store_.save_account(kept_);
  co_await end_deactivation();
}

/// Begun by somebody, perhaps before a restart.
Task<> CaAccount::end_deactivation() {
  std::exception_ptr refusal;
  try {
    co_await client_->deactivate_account();
  } catch (const Error& error) {
    if (error.advice() != Error::Advice::refused) throw;
    refusal = std::current_exception();
  }
  if (refusal) {
    kept_.deactivated.reset();
    co_await store_.save_account(kept_);
    std::rethrow_exception(refusal);
  }
  kept_.is_deactivation_known = true;
  co_await store_.save_account(kept_);
  log::notice(fmt::format("our account {} at CA {} is deactivated", one_line(kept_.url, longest_url), settings_.name),
              {{"ACMED_CA", settings_.name}});
}

void CaAccount::require_active(const store::Account& account) const {
  if (!account.deactivated) return;
  throw Refused("acme:accountDeactivated",
                fmt::format("our account {} at CA {} was deactivated here at {}, and no other one is made unasked: "
                            "acmectl account create {}",
                            one_line(account.url, longest_url), settings_.name, to_rfc3339(*account.deactivated),
                            settings_.name));
}

Task<> CaAccount::create() {
  const auto known = co_await store_.load_account(kept_.identity);
  if (known && !known->deactivated) {
    throw Refused("acme:accountExists",
                  fmt::format("there is an account at CA {}, {}: deactivate it first", settings_.name,
                              known->url.empty() ? "which is being registered" : one_line(known->url, longest_url)));
  }
  if (known && settings_.brought_key) {
    throw Refused("acme:accountDeactivated",
                  fmt::format("the key that account_key names in [ca.{}] is that of a deactivated account, for ever: "
                              "name another one, or leave account_key out",
                              settings_.name));
  }
  if (known) co_await store_.retire_account(kept_.identity, loop_.clock().now());
  kept_ = fresh(kept_.identity);
  trouble_.forget();
  co_await client();
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
    const auto mend = settings_.brought_key ? fmt::format("give account_key in [ca.{}] another key", settings_.name)
                                            : std::string("ask the CA for the reason");
    throw Refused("acme:account", fmt::format("the key of our account {} at CA {} may not be used there any more: {}",
                                              one_line(account.url, longest_url), settings_.name, mend));
  }
  kept_.contact = settings_.account.contact;
  kept_.registered = loop_.clock().now();
  co_await save_url(account.url);
  log::notice(fmt::format("account at CA {}{}: {}", settings_.name, told_apart(), one_line(kept_.url, longest_url)),
              {{"ACMED_CA", settings_.name}});
}

/// Throws what to do where the CA does not take the account's key for its type.
void CaAccount::require_usual_key(const acme::ProblemError& refusal) const {
  const auto& type = refusal.problem().type;
  if (type != acme::problem_type::bad_public_key && type != acme::problem_type::bad_signature_algorithm) return;
  const auto mend =
      settings_.brought_key
          ? fmt::format("give account_key in [ca.{}] one of another type", settings_.name)
          : fmt::format("set account_key_type in [ca.{}] to another one, ecdsa-p256 or rsa-2048", settings_.name);
  throw Error(Error::Advice::refused, refusal.cause(),
              fmt::format("CA {} takes no {} key for an account: {} ({})", settings_.name, kept_.identity.key_type,
                          mend, refusal.problem().text()),
              std::nullopt, Party::ca);
}

/// An external account can often be bound once only. Where the answer was lost, or the request came twice, the CA has
/// the account already and refuses to make it: that key finds it.
Task<acme::Account> CaAccount::registered() {
  std::exception_ptr refusal;
  try {
    co_return co_await client_->register_account(settings_.account);
  } catch (const acme::ProblemError& error) {
    require_usual_key(error);
    if (!settings_.account.external_account || !may_be_about_binding(error)) throw;
    refusal = error.in_context(
        Party::ca,
        fmt::format("CA {0} does not bind the external account {1}: look at kid and hmac_key of eab in "
                    "[ca.{0}]; most CAs take such a pair only once, so get another one if it was used before",
                    settings_.name, settings_.account.external_account->key_id));
  } catch (const Refused& error) {
    if (error.cause() != "acme:externalAccountRequired") throw;
    throw Refused(error.cause(), fmt::format("CA {0} wants an external account binding: set eab = {{ kid = ..., "
                                             "hmac_key = ... }} in [ca.{0}], as the CA gave them",
                                             settings_.name));
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

/// Another [ca.NAME] with the same account may have given it another key meanwhile, or another account its place.
Task<bool> CaAccount::is_changed_by_another() {
  const auto stored = co_await store_.load_account(kept_.identity);
  if (!stored || (stored->key_pem == kept_.key_pem && stored->deactivated == kept_.deactivated)) co_return false;
  is_outdated_ = true;
  co_return true;
}

Task<bool> CaAccount::examine(bool is_forgotten) {
  const auto ca = settings_.name;
  require_active(kept_);
  const bool is_changed = co_await is_changed_by_another();
  if (is_changed) co_return true;
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
