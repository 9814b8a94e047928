// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/routes.h"
#include "daemon/issue/certificate_log.h"
#include "daemon/issue/zones.h"
#include "dns/discovery.h"
#include "dns/lookups.h"
#include "dns/message.h"

namespace acmed::issue {

/// Where the value of a challenge belongs: at which name, in whose zone. It changes nothing. An alias (CNAME, DNAME) is
/// followed only where it is meant for challenges, and the provider's zone has to be the one that the DNS shows.
class Placement {
 public:
  /// Who writes a value, and where.
  struct Place {
    std::string provider;
    providers::Zone zone;
  };

  /// All must outlive it.
  Placement(const Clock& clock, dns::Discovery& discovery, const ZoneCoordinator& zones, const config::Routes& routes,
            CertificateLog log);

  /// Where the DNS shows a value for `challenge_name`: the end of its aliases; the name itself where only a wildcard
  /// CNAME that nobody meant for challenges makes an alias of it (RFC 4592 §2.2.1). Parameters and exceptions are those
  /// of dns::Discovery::locate().
  Task<dns::Location> locate(dns::Name challenge_name, dns::PolicyOf policy_of,
                             std::shared_ptr<dns::InFlight::Share> share = {});

  /// The provider and its zone for a value at `location`, to which the aliases of `challenge_name` lead. `compared`:
  /// whether the zone must be the one that the DNS shows; without, the provider's own counts. Throws Refused
  /// ("dns:no-provider", "dns:no-zone", "dns:alias", "dns:zones-differ") with what to mend, the provider's failures.
  Task<Place> place(dns::Name challenge_name, dns::Location location, bool compared);

  const config::Route* route(const dns::Name& name) const { return routes_.find(name.text()); }

 private:
  Task<std::optional<dns::Location>> beside_wildcard(dns::Name challenge_name, dns::PolicyOf policy_of,
                                                     std::shared_ptr<dns::InFlight::Share> share);
  bool is_declared(const dns::Location& location, const dns::Name& alias) const;
  Task<> require_meant(dns::Name challenge_name, dns::Location location, const config::Route* target);
  Task<std::string> what_else_is_there(dns::Location location);
  static Task<dns::Message> ask_any(std::vector<dns::Server> servers, dns::Question question);
  Task<> require_same_zone(Place place, dns::Location location);
  std::string as_told() const;

  dns::Discovery& discovery_;
  const ZoneCoordinator& zones_;
  const config::Routes& routes_;
  CertificateLog log_;
  dns::Lookups<dns::Name, std::string> other_records_;  ///< hundreds of names may be aliases of one
};

}  // namespace acmed::issue
