// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/caa_check.h"
#include "daemon/findings.h"
#include "daemon/issue/placement.h"
#include "dns/exchange.h"
#include "providers/memory.h"

namespace acmed {

/// Looks at all that a proof by the DNS depends on, and changes nothing: where aliases lead, the zone as the DNS, the
/// provider and the zone's parent have it, what each name server says, whether the provider's credentials are good as
/// far as can be told without a change, and which CAs the domain admits (CAA, RFC 8659); and whether the TLSA records
/// of the certificate's keys stand at each name server. With Touch::test_value it also has the provider add a value at
/// each challenge name and remove it again.
class DnsCheck {
 public:
  enum class Touch { nothing, test_value };

  /// Both must outlive it. `server_port`: where name servers listen; other than 53 in tests.
  DnsCheck(Loop& loop, const config::Config& config, std::uint16_t server_port = dns::dns_port,
           Touch touch = Touch::nothing);
  DnsCheck(const DnsCheck&) = delete;
  DnsCheck& operator=(const DnsCheck&) = delete;

  /// For each name of the certificates `named`, or of all when there are none, and for each name of their `dane`. What
  /// cannot be found out is a finding, not a failure.
  Task<std::vector<NameFindings>> run(std::set<std::string> named);

  /// Ends the programs that providers run.
  Task<> close();

 private:
  /// A provider that keeps accounts finds none here: nothing of acmed's state is read.
  class NoMemory final : public providers::Memory {
   public:
    Task<json::Object> recall() override { co_return json::Object(); }
    Task<> keep(json::Object) override { throw Refused("provider:memory", "nothing is kept while only looking"); }
  };
  struct Subject;
  Task<std::string> account_url(std::string ca);

  issue::Providers providers(const config::Config& config);
  Task<> examine(const config::Certificate* certificate, NameFindings* findings);
  Task<Subject> subject_of(const config::Certificate* certificate, NameFindings* findings);
  Task<> examine_provider(const config::Certificate* certificate, const Subject* subject, NameFindings* findings);
  Task<> examine_credentials(std::string provider, NameFindings* findings);
  Task<> try_update(issue::Placement::Place place, const Subject* subject, NameFindings* findings);
  Task<> examine_delegation(const Subject* subject, NameFindings* findings);
  Task<> examine_servers(const Subject* subject, bool is_held_up, NameFindings* findings);
  Task<> examine_tlsa(const config::Certificate* certificate, NameFindings* findings);
  Task<std::set<dns::Name>> parents_delegation(dns::Name apex);
  Task<std::set<dns::Name>> delegation_at(dns::Name host, dns::Name apex);
  config::Propagation propagation(const config::Certificate& certificate, const std::string& provider) const;
  dns::PolicyOf policies(const config::Certificate& certificate) const;
  config::Propagation::Require required(const config::Certificate& certificate, const std::string& provider) const;

  Loop& loop_;
  const config::Config& config_;
  std::uint16_t server_port_;
  Touch touch_;
  dns::Discovery discovery_;
  NoMemory memory_;
  issue::ZoneCoordinator zones_;
  issue::Placement placement_;
  CaaCheck caa_;
  std::map<std::string, std::optional<Finding>> credentials_;  ///< by provider: what is wrong; nothing when all is well
  std::set<dns::Name> tried_;                                  ///< challenge names with a test value
  std::map<std::string, std::string> account_urls_;            ///< by CA; empty where there is none yet
};

}  // namespace acmed
