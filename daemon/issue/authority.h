// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto/x509.h"
#include "base/runtime/event.h"
#include "config/config.h"
#include "daemon/acme/client.h"
#include "daemon/issue/orders_under_way.h"
#include "daemon/store/records.h"

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
  std::vector<std::string> hosts = {};                 ///< besides the directory's, see acme::Location
  bool has_common_name = false;                        ///< requests carry the first name as common name
  std::optional<config::BroughtKey> brought_key = {};  ///< of the account; none: one is made
  std::string account_label = {};                      ///< see store::AccountIdentity

  /// The account that signs.
  store::AccountIdentity account_identity() const;
  /// The common name of a request for `names`; empty for none.
  std::string common_name_of(const std::vector<std::string>& names) const;
};

/// A CA with our account there, as a journey sees it: the steps of RFC 8555 §7.4 and §7.5, with the promises and
/// exceptions of acme::Client's calls. Calls may overlap.
class Authority {
 public:
  explicit Authority(AuthoritySettings settings) : settings_(std::move(settings)), places_(settings_.concurrency) {}
  virtual ~Authority() = default;
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  const AuthoritySettings& settings() const noexcept { return settings_; }

  /// A slot among the orders that this CA processes at a time. Held while we talk to the CA, not while waiting for the
  /// DNS.
  virtual Task<Semaphore::Permit> place() { return places_.acquire(); }

  /// The orders of our account that journeys proceed with.
  virtual OrdersUnderWay& under_way() noexcept { return *under_way_; }
  /// `other` has the same account. To be called before there are any.
  void share_orders_under_way(const Authority& other) { under_way_ = other.under_way_; }

  /// Also throws Refused when the profile is required and the CA does not offer it; one that is not required is told
  /// once, and ordered without. `replaces`: as acme::Client::new_order(); a CA that cannot take it, or that makes no
  /// suggestions about renewal, is not told.
  virtual Task<acme::Order> new_order(std::vector<std::string> names, std::string replaces,
                                      config::Profile profile) = 0;
  /// The delegation that config::Certificate::delegation means. Also throws Refused when the server delegates no names,
  /// or not these to our account.
  virtual Task<acme::Delegation> delegation(std::string wanted) = 0;
  /// Orders names of that delegation; as certificates that the CA renews by itself where the server offers that.
  virtual Task<acme::Order> new_delegated_order(std::vector<std::string> names, std::string delegation_url) = 0;
  virtual Task<std::optional<acme::RenewalInfo>> renewal_info(std::string certificate_id) = 0;
  virtual Task<acme::Order> order(std::string url) = 0;
  virtual Task<acme::Order> order_leaves_pending(std::string url, Duration limit) = 0;
  virtual Task<acme::Order> order_ends(acme::Order order, Duration limit) = 0;
  virtual Task<acme::Authorization> authorization(std::string url) = 0;
  virtual Task<acme::Authorization> authorization_leaves_pending(std::string url, Duration limit) = 0;
  virtual Task<> deactivate_authorization(std::string url) = 0;
  virtual Task<> cancel_renewal(std::string order_url) = 0;
  virtual Task<> respond(std::string challenge_url) = 0;
  virtual Task<acme::Order> finalize(acme::Order ready, std::string csr_der) = 0;
  /// The chain that is preferred, if the CA offers it. `preferred_chain`: as acme::fit_of() takes it; empty for that of
  /// the settings.
  virtual Task<std::vector<crypto::Certificate>> certificate(std::string url, std::string preferred_chain) = 0;
  /// The chain at a URL that anybody may read.
  virtual Task<std::vector<crypto::Certificate>> public_certificate(std::string url) = 0;
  /// The key authorization of a token (§8.1); valid once any of the calls above has succeeded.
  virtual std::string key_authorization(const std::string& token) const = 0;

  /// Our account's URL, byte for byte (RFC 8555 §7.3); opens it when there is none yet.
  virtual Task<std::string> account_url() = 0;
  /// What the CA's directory says; at most a day old.
  virtual Task<acme::Directory> directory() = 0;

  /// Reads the directory again: one request, which shows whether the CA answers again. Throws Error.
  virtual Task<> look_again() = 0;
  /// Closes connections and frees memory; call only when nothing is in flight.
  virtual void rest() {}

 private:
  AuthoritySettings settings_;
  Semaphore places_;
  std::shared_ptr<OrdersUnderWay> under_way_ = std::make_shared<OrdersUnderWay>();
};

}  // namespace acmed::issue
