// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "daemon/issue/authority.h"
#include "daemon/issue/ca_account.h"

namespace acmed::issue {

/// An Authority that is an ACME server. The first call opens our account there; see CaAccount.
class AcmeAuthority final : public Authority {
 public:
  /// `keys`: creates the account's key and signs with it. `observer`: hears of each exchange.
  AcmeAuthority(Loop& loop, store::Store& store, AuthoritySettings settings,
                crypto::Keys& keys = crypto::software_keys(), Observer& observer = Observer::nobody());

  Task<acme::Order> new_order(std::vector<std::string> names, std::string replaces, config::Profile profile) override;
  Task<acme::Delegation> delegation(std::string wanted) override;
  Task<acme::Order> new_delegated_order(std::vector<std::string> names, std::string delegation_url) override;
  Task<std::optional<acme::RenewalInfo>> renewal_info(std::string certificate_id) override;
  Task<acme::Order> order(std::string url) override;
  Task<acme::Order> order_leaves_pending(std::string url, Duration limit) override;
  Task<acme::Order> order_ends(acme::Order order, Duration limit) override;
  Task<acme::Authorization> authorization(std::string url) override;
  Task<acme::Authorization> authorization_leaves_pending(std::string url, Duration limit) override;
  Task<> deactivate_authorization(std::string url) override;
  Task<> cancel_renewal(std::string order_url) override;
  Task<> respond(std::string challenge_url) override;
  Task<acme::Order> finalize(acme::Order ready, std::string csr_der) override;
  Task<std::vector<crypto::Certificate>> certificate(std::string url, std::string preferred_chain) override;
  Task<std::vector<crypto::Certificate>> public_certificate(std::string url) override;
  std::string key_authorization(const std::string& token) const override;
  Task<std::string> account_url() override;
  Task<acme::Directory> directory() override;
  Task<> look_again() override;
  void rest() override;

  /// Revokes a certificate (RFC 8555 §7.6) by our account; false where there is none, or it may not: it is another
  /// account's certificate, as far as the CA knows. Throws as acme::Client's calls.
  Task<bool> revoke(std::string certificate_der, acme::RevocationReason reason);
  /// Waits until no journey proves anything: what is in the DNS was made from the account's present key (RFC 8555
  /// §8.1). Throws Retry when that does not come within ten minutes.
  Task<> none_is_proved();
  CaAccount& account() noexcept { return account_; }

 private:
  using Ask = std::function<Task<acme::Order>(acme::Client&)>;
  Task<acme::Order> with_account(Ask ask);
  Task<acme::Order> request_order(std::vector<std::string> names, std::string replaces, config::Profile profile);
  Task<std::optional<std::string>> offered(config::Profile profile);
  Task<bool> takes_replacements();
  Task<> require_delegations();

  Loop& loop_;
  CaAccount account_;
  std::set<std::string> profiles_told_;  ///< that the CA does not offer
  std::set<std::string> chains_told_;    ///< likewise
};

}  // namespace acmed::issue
