// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "config/config.h"
#include "providers/cloudflare/api.h"
#include "providers/cloudflare/refusal.h"
#include "providers/cloudflare/zones.h"
#include "providers/kit/record_provider.h"

namespace acmed::providers {

/// Changes records at Cloudflare by its API v4, with a token that may do no more than that.
class Cloudflare final : public RecordProvider {
 public:
  /// `name`: that of [provider.NAME], for sentences. `zones`: its zones.
  Cloudflare(const std::string& name, const std::vector<std::string>& zones, const config::Cloudflare& configured,
             Loop& loop);

  /// The longest of the active zones that the token may read; with a fixed zone id, that zone, without a call.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  bool tells_true_zones() const override { return !fixed_zone_; }

  /// One call for all changes as a rule.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;
  bool publishes(dns::Type type) const override { return type == dns::Type::txt || type == dns::Type::tlsa; }

  /// Warns of a token that will soon expire or that is good no longer; throws Refused for one that can do nothing.
  Task<std::optional<std::string>> check_credentials() override;
  /// Of the token that ends first.
  std::optional<Time> credential_end() const override { return credential_end_; }

  void rest() override;

 private:
  Task<std::vector<TxtRecord>> list(Zone zone, std::set<dns::Name> names, dns::Type type) override;
  Task<RecordAnswer> add(Zone zone, TxtChange change) override;
  Task<RecordAnswer> remove(Zone zone, TxtRecord record) override;
  std::size_t most_at_once() const override;
  Task<RecordAnswer> change_together(Zone zone, std::vector<TxtRecord> removals,
                                     std::vector<TxtChange> additions) override;

  RecordAnswer refused(const cloudflare::Answer& refusal, const Zone& zone, const dns::Name& name,
                       dns::Type type = dns::Type::txt) const;
  [[noreturn]] void throw_for_all(const cloudflare::Answer& refusal, cloudflare::Request request,
                                  const Zone& zone) const;
  /// What became of a zone that cannot be changed.
  struct Successor {
    std::optional<Zone> zone{};  ///< that holds it now
    bool gone = false;           ///< the token sees none that does
    bool unlisted = false;       ///< it may not list zones, or need not
  };
  Task<Successor> look_for(Zone zone);
  Task<bool> is_token_good();
  [[noreturn]] void throw_gone(const Zone& zone, std::exception_ptr refusal) const;
  Task<> prove_by_use();

  std::string name_;
  const Clock& clock_;
  dns::Name probe_;  ///< a name that must be in one of the zones
  std::optional<Zone> fixed_zone_;
  http::Client http_;
  cloudflare::Api api_;
  std::optional<cloudflare::Api> zone_api_;  ///< for looking zones up, where that has a token of its own
  cloudflare::Zones zones_;
  bool has_batch_ = true;
  std::optional<Time> credential_end_;
};

}  // namespace acmed::providers
