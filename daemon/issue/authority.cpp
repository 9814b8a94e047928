// SPDX-License-Identifier: Apache-2.0
#include "daemon/issue/authority.h"

#include <fmt/format.h>

#include "base/log.h"
#include "base/runtime/offload.h"

namespace acmed::issue {
namespace {

// A CA may move its URLs or its terms: its directory is read anew once a day.
constexpr Duration directory_lifetime = std::chrono::hours(24);

std::string user_agent() {
  return fmt::format("acmed/{} libcurl", ACMED_VERSION);
}

}  // namespace

Authority::Authority(Loop& loop, store::Store& store, AuthoritySettings settings)
    : loop_(loop),
      store_(store),
      settings_(std::move(settings)),
      http_(loop, {user_agent(), settings_.trust_pem}),
      places_(settings_.concurrency) {}

Authority::~Authority() = default;

Task<acme::Client*> Authority::client() {
  if (!ready_ || directory_is_old()) {
    // The first to come opens the account, or reads the directory; the others wait for it.
    const auto turn = co_await opening_.acquire();
    if (!ready_) co_await open(false);
    if (directory_is_old()) co_await read_directory_anew();
  }
  co_return client_.get();
}

Task<> Authority::look_again() {
  const auto turn = co_await opening_.acquire();
  if (ready_) {
    co_await read_directory_anew();
  } else {
    co_await open(true);
  }
}

bool Authority::directory_is_old() const {
  const auto now = loop_.clock().now();
  return !account_.directory || now - account_.directory_read > directory_lifetime || account_.directory_read > now;
}

Task<> Authority::read_directory() {
  account_.directory = co_await client_->directory();
  account_.directory_read = loop_.clock().now();
}

Task<> Authority::read_directory_anew() {
  client_->forget_directory();
  co_await read_directory();
  co_await store_.save_account(account_);
}

Task<> Authority::open(bool read_anew) {
  auto known = co_await store_.load_account(settings_.directory_url);
  if (known) {
    account_ = *std::move(known);
  } else {
    account_ = store::Account{};
    account_.directory_url = settings_.directory_url;
    const auto type = settings_.account_key;
    const auto key = co_await offload([type] { return crypto::PrivateKey::generate(type); });
    account_.key_pem = key.to_pem();
    co_await store_.save_account(account_);
    // Another [ca.NAME] with the same directory may have been first: its key is the account's.
    const auto kept = co_await store_.load_account(settings_.directory_url);
    if (kept) account_ = *kept;
  }
  read_anew = read_anew || directory_is_old();
  if (read_anew) account_.directory.reset();
  client_ = std::make_unique<acme::Client>(http_, loop_.clock(), crypto::software_keys(),
                                           crypto::PrivateKey::from_pem(account_.key_pem), settings_.directory_url,
                                           account_.directory);
  const bool is_new = account_.url.empty();
  if (read_anew) co_await read_directory();
  if (is_new) {
    const auto registered = co_await client_->register_account(settings_.account);
    account_.url = registered.url;
    log::notice(fmt::format("account at CA {}: {}", settings_.name, account_.url), {{"ACMED_CA", settings_.name}});
  } else {
    client_->use_account({account_.url});
  }
  if (is_new || read_anew) co_await store_.save_account(account_);
  ready_ = true;
}

Task<> Authority::register_again(std::string unknown_url) {
  const auto turn = co_await opening_.acquire();
  if (account_.url != unknown_url) co_return;  // somebody else has done so meanwhile
  log::warning(fmt::format("CA {} does not know our account any more: its key is registered again", settings_.name),
               {{"ACMED_CA", settings_.name}});
  const auto registered = co_await client_->register_account(settings_.account);
  account_.url = registered.url;
  co_await store_.save_account(account_);
}

Task<std::optional<std::string>> Authority::profile() {
  if (!settings_.profile) co_return std::nullopt;
  acme::Client* acme = co_await client();
  const auto directory = co_await acme->directory();
  if (directory.profiles.contains(*settings_.profile)) co_return settings_.profile;
  std::string offered;
  for (const auto& [name, description] : directory.profiles) offered += (offered.empty() ? "" : ", ") + name;
  if (offered.empty()) offered = "none";
  const auto sentence =
      fmt::format("CA {} has no profile \"{}\" (it offers: {})", settings_.name, *settings_.profile, offered);
  if (settings_.profile_required) {
    throw Refused("acme:invalidProfile", sentence + ": set ca." + settings_.name + ".profile to one of these");
  }
  log::warning(sentence + ": ordered without one", {{"ACMED_CA", settings_.name}});
  co_return std::nullopt;
}

void Authority::rest() {
  http_.rest();
}

}  // namespace acmed::issue
