// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/issue/authority.h"
#include "daemon/renew/ledger.h"

namespace acmed::keep {

/// A CA as the journey of one certificate may use it: left alone while it wants to be, also by journeys that were under
/// way when it said so, and not asked for what would break one of its limits. What it says to one journey all others
/// hear of at once.
class HeedfulAuthority final : public issue::Authority {
 public:
  /// `not_after`: the end of the certificate in service, see Ledger::closed_until(). All must outlive it.
  /// `forced`: a person asked for it and takes the CA's refusal; then no pause holds it back.
  /// Our model of its limits holds it back as little; what the CA itself said of such an order does.
  /// `counted`: the order that the journey may make. Whoever makes it has found room for it, see Limits::wait().
  HeedfulAuthority(issue::Authority& ca, renew::Ledger& ledger, std::optional<Time> not_after, bool forced = false,
                   renew::CountedOrder counted = {})
      : Authority(ca.settings()),
        ca_(ca),
        ledger_(ledger),
        not_after_(not_after),
        forced_(forced),
        counted_(std::move(counted)) {}
  ~HeedfulAuthority() override;

  Task<Semaphore::Permit> place() override { return ca_.place(); }
  issue::OrdersUnderWay& under_way() noexcept override { return ca_.under_way(); }
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
  Task<> cancel_renewal(std::string order_url) override { return ca_.cancel_renewal(std::move(order_url)); }
  Task<> respond(std::string challenge_url) override;
  Task<acme::Order> finalize(acme::Order ready, std::string csr_der) override;
  Task<std::vector<crypto::Certificate>> certificate(std::string url, std::string preferred_chain) override;
  Task<std::vector<crypto::Certificate>> public_certificate(std::string url) override;
  std::string key_authorization(const std::string& token) const override { return ca_.key_authorization(token); }
  Task<std::string> account_url() override;
  Task<acme::Directory> directory() override;
  Task<> look_again() override { return ca_.look_again(); }

 private:
  template <class Result>
  Task<Result> heeding(Task<Result> request);
  template <class Result>
  Task<Result> polling(Task<Result> poll);
  void require_open() const;
  void require_room() const;
  void require_spare_failure(const std::string& challenge_url) const;
  renew::Limits& limits() const { return ledger_.limits(settings().directory_url); }
  Time now() const { return ledger_.clock().now(); }
  Task<> note(const acme::Authorization& seen);
  Task<> keep_ledger(bool is_new);
  void reserve(bool* is_new);
  void release() noexcept;
  Task<> tell_ledger(std::exception_ptr failure);

  issue::Authority& ca_;
  renew::Ledger& ledger_;
  std::optional<Time> not_after_;
  bool forced_;
  renew::CountedOrder counted_;
  bool is_reserved_ = false;                  ///< in limits()
  std::set<std::string> failed_;              ///< URLs of authorizations that count as failed
  std::map<std::string, std::string> names_;  ///< by challenge URL
};

/// The order for these names as the CA will count it.
renew::CountedOrder counted_order(const issue::AuthoritySettings& ca, std::vector<std::string> names);

}  // namespace acmed::keep
