// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/crypto/x509.h"
#include "base/runtime/event.h"
#include "daemon/acme/client.h"

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

/// One CA with our account there, as a journey sees it: the steps of RFC 8555 §7.4 and §7.5, which promise and throw
/// what those of acme::Client do. Calls may be made side by side.
class Authority {
 public:
  explicit Authority(AuthoritySettings settings) : settings_(std::move(settings)), places_(settings_.concurrency) {}
  virtual ~Authority() = default;
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const AuthoritySettings& settings() const noexcept { return settings_; }

  /// A place among the orders that this CA works on at a time. Held while the CA is talked to, not while the DNS is
  /// awaited.
  Task<Semaphore::Permit> place() { return places_.acquire(); }

  /// Orders by the profile of the settings. Throws Refused also when that is required and the CA does not have it.
  virtual Task<acme::Order> new_order(std::vector<std::string> names) = 0;
  virtual Task<acme::Order> order(std::string url) = 0;
  virtual Task<acme::Order> order_leaves_pending(std::string url, Duration limit) = 0;
  virtual Task<acme::Order> order_ends(acme::Order order, Duration limit) = 0;
  virtual Task<acme::Authorization> authorization(std::string url) = 0;
  virtual Task<acme::Authorization> authorization_leaves_pending(std::string url, Duration limit) = 0;
  virtual Task<> deactivate_authorization(std::string url) = 0;
  virtual Task<> respond(std::string challenge_url) = 0;
  virtual Task<acme::Order> finalize(acme::Order ready, std::string csr_der) = 0;
  /// The chain that the settings prefer, if the CA has it.
  virtual Task<std::vector<crypto::Certificate>> certificate(std::string url) = 0;
  /// The key authorization of a token (§8.1), when any of the calls above has succeeded.
  virtual std::string key_authorization(const std::string& token) const = 0;

  /// Reads the directory anew: one request, which tells whether the CA answers again. Throws Error.
  virtual Task<> look_again() = 0;
  /// Closes connections and frees memory; only when no call is under way.
  virtual void rest() {}

 private:
  AuthoritySettings settings_;
  Semaphore places_;
};

}  // namespace acmed::issue
