// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/crypto/keys.h"
#include "base/http/client.h"
#include "daemon/issue/authority.h"
#include "daemon/store/store.h"

namespace acmed::issue {

/// An Authority that is an ACME server. The first call creates, finds or loads our account there; its key is on disk
/// before the CA first sees it.
class AcmeAuthority final : public Authority {
 public:
  /// `keys`: creates the account's key and signs with it.
  AcmeAuthority(Loop& loop, store::Store& store, AuthoritySettings settings,
                crypto::Keys& keys = crypto::software_keys());
  ~AcmeAuthority() override;

  Task<acme::Order> new_order(std::vector<std::string> names) override;
  Task<acme::Order> order(std::string url) override;
  Task<acme::Order> order_leaves_pending(std::string url, Duration limit) override;
  Task<acme::Order> order_ends(acme::Order order, Duration limit) override;
  Task<acme::Authorization> authorization(std::string url) override;
  Task<acme::Authorization> authorization_leaves_pending(std::string url, Duration limit) override;
  Task<> deactivate_authorization(std::string url) override;
  Task<> respond(std::string challenge_url) override;
  Task<acme::Order> finalize(acme::Order ready, std::string csr_der) override;
  Task<std::vector<crypto::Certificate>> certificate(std::string url) override;
  std::string key_authorization(const std::string& token) const override;
  Task<> look_again() override;
  void rest() override;

 private:
  Task<acme::Client*> client();
  Task<> open(bool read_anew);
  bool directory_is_old() const;
  Task<> read_directory();
  Task<> read_directory_anew();
  Task<> register_again(std::string unknown_url);
  Task<std::optional<std::string>> profile();

  Loop& loop_;
  store::Store& store_;
  crypto::Keys& keys_;
  http::Client http_;
  Semaphore opening_{1};
  store::Account account_;
  std::unique_ptr<acme::Client> client_;
  bool ready_ = false;
};

}  // namespace acmed::issue
