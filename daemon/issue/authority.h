// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/http/client.h"
#include "base/runtime/event.h"
#include "daemon/acme/client.h"
#include "daemon/store/store.h"

namespace acmed::issue {

/// How a CA is to be used.
struct AuthoritySettings {
  std::string name;  ///< [ca.NAME]
  std::string directory_url;
  std::string trust_pem;
  acme::NewAccount account;
  crypto::KeyType account_key = crypto::KeyType::ecdsa_p256;
  std::optional<std::string> profile;
  bool profile_required = false;
  std::string preferred_chain;
  unsigned concurrency = 32;
};

/// One CA with our account there: made, found or remembered when it is first needed.
class Authority {
 public:
  Authority(Loop& loop, store::Store& store, AuthoritySettings settings);
  ~Authority();

  const AuthoritySettings& settings() const noexcept { return settings_; }

  /// A place among the orders that this CA works on at a time. Held while the CA is talked to, not while the DNS is
  /// awaited.
  Task<Semaphore::Permit> place() { return places_.acquire(); }

  /// The client, with an account that the CA knows. The account's key is on disk before the CA first sees it.
  Task<acme::Client*> client();

  /// Registers the account's key once more: a CA that lost its accounts (a test CA that was started anew) says that it
  /// does not know ours.
  Task<> register_again(std::string unknown_url);

  /// Reads the directory anew: one request, which tells whether the CA answers again. Throws Error.
  Task<> look_again();

  const std::string& account_url() const noexcept { return account_.url; }

  /// The profile to order by: the configured one if the CA has it. Throws Refused when it is required and not there.
  Task<std::optional<std::string>> profile();

  /// Closes connections and frees memory; only when no call is under way.
  void rest();

 private:
  Task<> open(bool read_anew);
  bool directory_is_old() const;
  Task<> read_directory();
  Task<> read_directory_anew();

  Loop& loop_;
  store::Store& store_;
  AuthoritySettings settings_;
  http::Client http_;
  Semaphore places_;
  Semaphore opening_{1};
  store::Account account_;
  std::unique_ptr<acme::Client> client_;
  bool ready_ = false;
};

}  // namespace acmed::issue
