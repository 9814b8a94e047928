// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/acme_authority.h"

#include <fmt/format.h>

#include "base/log.h"
#include "daemon/acme/causes.h"

namespace acmed::issue {
namespace {

// A CA may move its URLs or change its terms: its directory is reread once a day.
constexpr Duration directory_lifetime = std::chrono::hours(24);

}  // namespace

AcmeAuthority::AcmeAuthority(Loop& loop, store::Store& store, AuthoritySettings settings, crypto::Keys& keys)
    : Authority(std::move(settings)),
      loop_(loop),
      store_(store),
      keys_(keys),
      http_(loop, {.extra_trust_pem = this->settings().trust_pem}) {}

AcmeAuthority::~AcmeAuthority() = default;

Task<acme::Order> AcmeAuthority::new_order(std::vector<std::string> names) {
  const auto wanted = co_await profile();
  acme::Client* ca = co_await client();
  const auto account = account_.url;
  try {
    co_return co_await ca->new_order(names, wanted);
  } catch (const Error& error) {
    if (error.cause() != acme::account_does_not_exist) throw;
  }
  co_await register_again(account);
  co_return co_await ca->new_order(std::move(names), wanted);
}

Task<acme::Order> AcmeAuthority::order(std::string url) {
  acme::Client* ca = co_await client();
  co_return co_await ca->order(std::move(url));
}

Task<acme::Order> AcmeAuthority::order_leaves_pending(std::string url, Duration limit) {
  acme::Client* ca = co_await client();
  co_return co_await ca->order_leaves(std::move(url), acme::OrderStatus::pending, limit);
}

Task<acme::Order> AcmeAuthority::order_ends(acme::Order order, Duration limit) {
  acme::Client* ca = co_await client();
  co_return co_await ca->order_ends(std::move(order), limit);
}

Task<acme::Authorization> AcmeAuthority::authorization(std::string url) {
  acme::Client* ca = co_await client();
  co_return co_await ca->authorization(std::move(url));
}

Task<acme::Authorization> AcmeAuthority::authorization_leaves_pending(std::string url, Duration limit) {
  acme::Client* ca = co_await client();
  co_return co_await ca->authorization_leaves_pending(std::move(url), limit);
}

Task<> AcmeAuthority::deactivate_authorization(std::string url) {
  acme::Client* ca = co_await client();
  co_await ca->deactivate_authorization(std::move(url));
}

Task<> AcmeAuthority::respond(std::string challenge_url) {
  acme::Client* ca = co_await client();
  co_await ca->respond(std::move(challenge_url));
}

Task<acme::Order> AcmeAuthority::finalize(acme::Order ready, std::string csr_der) {
  acme::Client* ca = co_await client();
  co_return co_await ca->finalize(std::move(ready), std::move(csr_der));
}

Task<std::vector<crypto::Certificate>> AcmeAuthority::certificate(std::string url) {
  acme::Client* ca = co_await client();
  co_return co_await ca->certificate(std::move(url), settings().preferred_chain);
}

std::string AcmeAuthority::key_authorization(const std::string& token) const {
  return client_->key_authorization(token);
}

Task<acme::Client*> AcmeAuthority::client() {
  if (!ready_ || directory_is_old()) {
    // The first caller opens the account or reads the directory; the others wait for it.
    const auto turn = co_await opening_.acquire();
    if (!ready_) co_await open(false);
    if (directory_is_old()) co_await read_directory_anew();
  }
  co_return client_.get();
}

Task<> AcmeAuthority::look_again() {
  const auto turn = co_await opening_.acquire();
  if (ready_) {
    co_await read_directory_anew();
  } else {
    co_await open(true);
  }
}

bool AcmeAuthority::directory_is_old() const {
  const auto now = loop_.clock().now();
  return !account_.directory || now - account_.directory_read > directory_lifetime || account_.directory_read > now;
}

Task<> AcmeAuthority::read_directory() {
  account_.directory = co_await client_->directory();
  account_.directory_read = loop_.clock().now();
}

Task<> AcmeAuthority::read_directory_anew() {
  client_->forget_directory();
  co_await read_directory();
  co_await store_.save_account(account_);
}

Task<> AcmeAuthority::open(bool read_anew) {
  auto known = co_await store_.load_account(settings().directory_url);
  if (known) {
    account_ = *std::move(known);
  } else {
    account_ = store::Account{};
    account_.directory_url = settings().directory_url;
    const auto key = co_await keys_.generate(settings().account_key);
    account_.key_pem = key.to_pem();
    co_await store_.save_account(account_);
    // Another [ca.NAME] with the same directory may have been first: then its key is the account's.
    const auto kept = co_await store_.load_account(settings().directory_url);
    if (kept) account_ = *kept;
  }
  read_anew = read_anew || directory_is_old();
  if (read_anew) account_.directory.reset();
  client_ = std::make_unique<acme::Client>(http_, loop_.clock(), keys_, crypto::PrivateKey::from_pem(account_.key_pem),
                                           settings().directory_url, account_.directory);
  const bool is_new = account_.url.empty();
  if (read_anew) co_await read_directory();
  if (is_new) {
    const auto registered = co_await client_->register_account(settings().account);
    account_.url = registered.url;
    log::notice(fmt::format("account at CA {}: {}", settings().name, account_.url), {{"ACMED_CA", settings().name}});
  } else {
    client_->use_account({account_.url});
  }
  if (is_new || read_anew) co_await store_.save_account(account_);
  ready_ = true;
}

Task<> AcmeAuthority::register_again(std::string unknown_url) {
  const auto turn = co_await opening_.acquire();
  if (account_.url != unknown_url) co_return;  // another caller has done so meanwhile
  log::warning(fmt::format("CA {} does not know our account any more: its key is registered again", settings().name),
               {{"ACMED_CA", settings().name}});
  const auto registered = co_await client_->register_account(settings().account);
  account_.url = registered.url;
  co_await store_.save_account(account_);
}

Task<std::optional<std::string>> AcmeAuthority::profile() {
  if (!settings().profile) co_return std::nullopt;
  acme::Client* ca = co_await client();
  const auto directory = co_await ca->directory();
  if (directory.profiles.contains(*settings().profile)) co_return settings().profile;
  std::string offered;
  for (const auto& [name, description] : directory.profiles) offered += (offered.empty() ? "" : ", ") + name;
  if (offered.empty()) offered = "none";
  const auto sentence =
      fmt::format("CA {} has no profile \"{}\" (it offers: {})", settings().name, *settings().profile, offered);
  if (settings().profile_required) {
    throw Refused("acme:invalidProfile", sentence + ": set ca." + settings().name + ".profile to one of these");
  }
  log::warning(sentence + ": ordered without one", {{"ACMED_CA", settings().name}});
  co_return std::nullopt;
}

void AcmeAuthority::rest() {
  http_.rest();
}

}  // namespace acmed::issue
