// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "dns/discovery.h"
#include "dns/exchange.h"
#include "dns/lookups.h"
#include "dns/tsig.h"
#include "providers/provider.h"
#include "providers/rfc2136/refusal.h"

namespace acmed::providers {

/// The changes at one name, in their order.
using AtName = std::vector<TxtChange>;

/// A set of records: those of one type at one name.
struct RrsetKey {
  dns::Name name;
  dns::Type type = dns::Type::txt;

  friend auto operator<=>(const RrsetKey&, const RrsetKey&) = default;
};

/// Changes records by dynamic update (RFC 2136), signed by TSIG (RFC 8945). The zone is what the configured server says
/// it serves, so that hidden primaries and views are found; where it says nothing, what the DNS says.
class Rfc2136 final : public Provider {
 public:
  /// `name`: that of [provider.NAME], for sentences. `discovery` finds the server's addresses when it is a host name;
  /// it must outlive this. `zone`: one that the server has, for looking whether it takes the key.
  Rfc2136(const std::string& name, const config::Rfc2136& configured, const Loop& loop, dns::Discovery& discovery,
          dns::Name zone = {});

  /// Asks the server itself, and signs the question, since a view may depend on the key; then without the key, which a
  /// secondary that forwards updates need not have.
  Task<std::optional<Zone>> zone_of(dns::Name name) override;
  Task<std::optional<Zone>> zone_for(dns::Name name, dns::Name in_dns) override;
  bool tells_true_zones() const override { return !fixed_zone_; }
  Task<std::set<dns::Name>> name_servers(Zone zone) override;

  /// One message for all changes when they fit. When the server does not take some names, all others are changed before
  /// this throws. Other values at a name keep their TTL: ours takes it over.
  Task<> apply(Zone zone, std::vector<TxtChange> changes) override;
  bool publishes(dns::Type type) const override { return type == dns::Type::txt || type == dns::Type::tlsa; }
  /// So many fit into one message, with the longest names and values of 2,000 octets.
  std::size_t changes_as_a_whole() const override { return 20; }

  /// Whether the server knows the key, the secret and the time as we do, which a signed question shows. That a key is
  /// not known is a warning: a secondary that passes updates on need not know it. A server that does not sign its
  /// answer is none to judge by.
  Task<std::optional<std::string>> check_credentials() override;

 private:
  /// How one message is sent, and how long its answer may take.
  struct Attempt {
    bool tcp = false;
    Duration wait{};
  };

  /// What the server says of the zone of a name.
  struct Told {
    std::optional<Zone> zone;
    std::string refusal;  ///< what it said instead of an answer; empty when it answered
  };

  /// How changes fared so far, which may not all be made by one message.
  struct Progress {
    bool some_made = false;
    std::size_t failures = 0;  ///< answers SERVFAIL, while nothing is made
    std::size_t bound = 0;     ///< so many show that it is not about single names
  };

  Task<std::vector<dns::Endpoint>> addresses();
  Task<Told> told_zone(dns::Name name);
  Task<Told> find_zone(dns::Name name);
  Task<dns::Reply> ask(dns::Endpoint server, dns::Question question);
  Task<std::set<dns::Name>> find_name_servers(dns::Name apex);
  Task<std::optional<dns::Rcode>> change(dns::Name zone, std::vector<AtName> names, Progress* progress);
  Task<std::optional<dns::TsigKey>> key();
  Task<dns::Rcode> update(dns::Name zone, std::vector<TxtChange> changes);
  Task<std::set<RrsetKey>> take_over_ttls(std::vector<TxtChange>* changes);
  Task<std::optional<RrsetKey>> take_over_ttl(std::vector<TxtChange*> in_set);
  Task<dns::Rcode> deliver(dns::Name zone, std::vector<dns::UpdateEntry> entries);
  Task<dns::Reply> send(dns::Endpoint server, dns::Name zone, std::vector<dns::UpdateEntry> entries, Attempt attempt);
  bool is_ours_alone(const RrsetKey& set) const { return ours_alone_.contains(set); }

  const Clock& clock_;
  dns::Discovery& discovery_;
  Parties parties_;
  std::optional<dns::Endpoint> endpoint_;  ///< none when host_ is to be looked up
  dns::Name host_;
  std::uint16_t port_ = dns::dns_port;
  std::optional<dns::TsigKey> key_;  ///< as used last
  SecretSource key_secret_;
  dns::Name probe_;
  std::optional<Zone> fixed_zone_;  ///< told by the configuration
  dns::Lookups<dns::Name, Told> zones_;
  dns::Lookups<dns::Name, Told> zones_of_parents_;  ///< by the name above those asked for
  dns::Lookups<dns::Name, std::set<dns::Name>> name_servers_;
  std::set<RrsetKey> ours_alone_;  ///< where no record was before ours
};

}  // namespace acmed::providers
