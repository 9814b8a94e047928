// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "base/runtime/event.h"
#include "config/config.h"
#include "dns/discovery.h"
#include "providers/kit/rrset_provider.h"
#include "providers/route53/publication.h"
#include "providers/route53/zones.h"

namespace acmed::providers::route53 {

/// Changes records in hosted zones of AWS Route 53.
class Route53 final : public RrsetProvider {
 public:
  /// `discovery` tells which of several zones of one name the DNS leads to; it must outlive this.
  Route53(const config::Provider& configured, const config::Route53& settings, Loop& loop, dns::Discovery& discovery,
          const Environment& environment = from_process);

  /// Without a call where the hosted zone is configured.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  Task<std::optional<Zone>> zone_for(dns::Name name, dns::Name in_dns) override;
  bool tells_true_zones() const override { return !only_; }

  /// One call to read and one to change, for names that are close together in the zone and are not changed by others at
  /// the same time.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;
  bool publishes(dns::Type type) const override { return type == dns::Type::txt || type == dns::Type::tlsa; }

  Task<> await_published(Zone zone) override;
  Task<std::optional<std::string>> check_credentials() override;
  void rest() override;

 private:
  Task<std::map<dns::Name, Standing>> read(Zone zone, std::set<dns::Name> names, dns::Type type) override;
  Task<Replaced> replace(Zone zone, std::vector<SetChange> sets) override;
  [[noreturn]] void throw_contended(const Zone& zone, const std::vector<dns::Name>& names) const override;

  Task<std::optional<std::string>> send(Zone zone, std::vector<SetChange> batch, std::set<dns::Name>* overtaken);
  Task<bool> is_gone(Zone zone);

  std::optional<Zone> only_;  ///< the configured hosted zone
  http::Client http_;
  http::Client local_http_;
  Keychain keychain_;
  Api api_;
  Zones zones_;
  Publication publication_;
  std::map<Zone, Semaphore> writers_;  ///< one at a time in each zone: Route 53 refuses a change while it does another
};

}  // namespace acmed::providers::route53
