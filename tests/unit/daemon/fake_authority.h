// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/issue/authority.h"

namespace acmed::test {

/// A CA without HTTP: each order has one authorization a name, which is valid as soon as its challenge is responded to.
class FakeAuthority final : public issue::Authority {
 public:
  using Issue = std::function<std::vector<crypto::Certificate>(const std::string& csr_der)>;

  FakeAuthority(issue::AuthoritySettings settings, Issue issue)
      : Authority(std::move(settings)), issue_(std::move(issue)) {}

  Task<acme::Order> new_order(std::vector<std::string> names, std::string replaced, config::Profile profile) override {
    call("new_order");
    profiles.push_back(profile.name);
    if (on_order) on_order(names, replaced);
    replaces.push_back(std::move(replaced));
    ++orders;
    valid_.clear();
    order_ = {.url = "order/" + std::to_string(orders), .finalize = "finalize"};
    order_.replaces = replaces.back();
    order_.identifiers = order_.authorizations = std::move(names);
    if (proved) order_.status = acme::OrderStatus::ready;
    co_return order_;
  }
  Task<acme::Delegation> delegation(std::string) override { throw Refused("acme:delegation", "no delegation here"); }
  Task<acme::Order> new_delegated_order(std::vector<std::string> names, std::string) override {
    return new_order(std::move(names), {}, {});
  }
  Task<std::vector<crypto::Certificate>> public_certificate(std::string url) override {
    return certificate(std::move(url), {});
  }
  Task<acme::Order> order(std::string) override { return shown("order"); }
  Task<acme::Order> order_leaves_pending(std::string, Duration) override { return shown("order_leaves_pending"); }
  Task<acme::Order> order_ends(acme::Order, Duration) override { return shown("order_ends"); }
  Task<acme::Authorization> authorization(std::string name) override {
    call("authorization");
    auto status =
        valid_.contains(name) && !invalid ? acme::AuthorizationStatus::valid : acme::AuthorizationStatus::pending;
    if (failed) status = acme::AuthorizationStatus::invalid;
    const acme::Challenge challenge{std::string(acme::dns_01), name, "pending", "token-of-" + name, {}};
    co_return acme::Authorization{name, name, false, status, {challenge}};
  }
  Task<acme::Authorization> authorization_leaves_pending(std::string url, Duration) override {
    return authorization(std::move(url));
  }
  Task<> deactivate_authorization(std::string) override { co_return call("deactivate_authorization"); }
  Task<> cancel_renewal(std::string) override { co_return call("cancel_renewal"); }
  Task<> respond(std::string challenge_url) override {
    call("respond");
    valid_.insert(challenge_url);
    if (valid_.size() == order_.authorizations.size()) order_.status = acme::OrderStatus::ready;
    co_return;
  }
  Task<acme::Order> finalize(acme::Order, std::string csr_der) override {
    call("finalize");
    chain_ = issue_(csr_der);
    order_.status = acme::OrderStatus::valid;
    order_.certificate = "certificate";
    co_return order_;
  }
  Task<std::vector<crypto::Certificate>> certificate(std::string, std::string preferred) override {
    call("certificate");
    preferred_chain = std::move(preferred);
    co_return chain_;
  }
  std::string key_authorization(const std::string& token) const override { return token + ".thumbprint"; }
  Task<std::optional<acme::RenewalInfo>> renewal_info(std::string certificate_id) override {
    call("renewal_info");
    asked_about.push_back(std::move(certificate_id));
    co_return suggestion;
  }
  Task<std::string> account_url() override { co_return "https://ca.test/account/1"; }
  Task<acme::Directory> directory() override { co_return acme::Directory(); }
  Task<> look_again() override { co_return; }

  std::function<void(const std::string& call)> on_call;  ///< before anything is done; what it throws, the call throws
  std::function<void(const std::vector<std::string>& names, const std::string& replaces)> on_order;  ///< the same
  int orders = 0;
  std::vector<std::string> replaces;     ///< of each order
  std::vector<std::string> profiles;     ///< of each order
  std::vector<std::string> asked_about;  ///< CertIDs
  std::optional<acme::RenewalInfo> suggestion;
  std::string preferred_chain;  ///< that was last asked for
  bool proved = false;          ///< all names are, by earlier orders
  bool failed = false;          ///< the authorizations have
  bool invalid = false;         ///< the orders are; their authorizations are pending

 private:
  void call(const std::string& name) const {
    if (on_call) on_call(name);
  }
  Task<acme::Order> shown(std::string name) {
    call(name);
    if (invalid) order_.status = acme::OrderStatus::invalid;
    co_return order_;
  }

  Issue issue_;
  acme::Order order_;
  std::set<std::string> valid_;
  std::vector<crypto::Certificate> chain_;
};

}  // namespace acmed::test
