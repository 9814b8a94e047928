// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "providers/provider.h"

namespace acmed::providers {

/// A provider whose failures and warnings begin with "provider NAME: " and are about the DNS operator: so no provider
/// says of itself who it is.
class Named final : public Provider {
 public:
  /// `name`: NAME of [provider.NAME].
  Named(const std::string& name, std::unique_ptr<Provider> provider);

  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  Task<std::optional<Zone>> zone_for(dns::Name name, dns::Name in_dns) override;
  bool tells_true_zones() const override { return provider_->tells_true_zones(); }
  Task<std::set<dns::Name>> name_servers(Zone zone) override;
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;
  Task<> await_published(Zone zone) override;
  bool publishes(dns::Type type) const override { return provider_->publishes(type); }
  std::size_t changes_as_a_whole() const override { return provider_->changes_as_a_whole(); }
  std::size_t values_at_a_time() const override { return provider_->values_at_a_time(); }
  std::optional<Duration> assertion_pace() const override { return provider_->assertion_pace(); }
  Task<std::optional<std::string>> check_credentials() override;
  std::optional<Time> credential_end() const override { return provider_->credential_end(); }
  void check_ready() override;
  void rest() override { provider_->rest(); }
  Task<> close() override { return provider_->close(); }

 private:
  std::string context_;
  std::unique_ptr<Provider> provider_;
};

}  // namespace acmed::providers
