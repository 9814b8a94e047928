// SPDX-License-Identifier: Apache-2.0
#include "providers/rfc2136/refusal.h"

#include <fmt/format.h>

#include <map>

#include "providers/kit/record_content.h"
#include "providers/provider.h"

namespace acmed::providers {
namespace {

std::string sentence_for_refused(const Refusal& refusal, const Parties& parties, const dns::Name& zone) {
  const auto& name = refusal.name;
  if (parties.key.empty()) {
    return fmt::format(
        "server {} refuses an unsigned update of {} in zone {}: give [provider.{}] a tsig key that the server allows "
        "to "
        "update the zone; a zone of Active Directory that takes secure updates only knows no such key: let it take "
        "nonsecure ones too, or make the challenge names aliases (CNAME) into another zone",
        parties.server, name.text(), zone.text(), parties.provider);
  }
  return fmt::format(
      "server {0} refuses key {1} to change {4} at {2} in zone {3}: grant it with update-policy {{ grant {1} name {2} "
      "{4}; }} (BIND) or pdnsutil add-meta {3} TSIG-ALLOW-DNSUPDATE {1} (PowerDNS); if it has that right, the zone is "
      "frozen (rndc thaw {3}), or a copy: name its primary as `server`",
      parties.server, parties.key, name.text(), zone.text(), type_text(refusal.type));
}

std::string sentence_for(const Refusal& refusal, const Parties& parties, const dns::Name& zone) {
  const auto& name = refusal.name.text();
  switch (refusal.rcode) {
    case dns::Rcode::refused:
      return sentence_for_refused(refusal, parties, zone);
    case dns::Rcode::servfail:
      return fmt::format(
          "server {} fails to change {} in zone {} (SERVFAIL), though it changes other names: its log says why; often "
          "the name would have too many values (BIND takes 100, max-records-per-type, and {} of ours were to be "
          "changed)",
          parties.server, name, zone.text(), refusal.values);
    case dns::Rcode::yxrrset:
      return fmt::format(
          "a CNAME stands at {} on server {}: the value belongs at its target, and nothing was written here. If the "
          "public DNS has no such CNAME, the server's zone {} differs from it",
          name, parties.server, zone.text());
    default:
      return fmt::format("server {} says {} for {}: it is not in zone {} there. Check which zones [provider.{}] serves",
                         parties.server, dns::to_text(refusal.rcode), name, zone.text(), parties.provider);
  }
}

std::string cause_of(dns::Rcode rcode) {
  return "dns:" + dns::to_text(rcode);
}

}  // namespace

bool may_concern_one_name(dns::Rcode rcode) {
  return rcode == dns::Rcode::refused || rcode == dns::Rcode::yxrrset || rcode == dns::Rcode::notzone ||
         rcode == dns::Rcode::servfail;
}

void throw_for_zone(dns::Rcode rcode, const Parties& parties, const dns::Name& zone, const dns::Name& name) {
  const auto opening = "server " + parties.server;
  switch (rcode) {
    case dns::Rcode::servfail:
      throw Retry(cause_of(rcode),
                  fmt::format("{} failed to update zone {} (SERVFAIL): its log says why; often it cannot write the "
                              "zone's journal, the zone is not loaded or frozen, or a name would have too many values "
                              "(BIND takes 100: max-records-per-type)",
                              opening, zone.text()));
    case dns::Rcode::notauth:
      throw Refused(cause_of(rcode),
                    fmt::format("{} is not primary for zone {}, in which {} is to be changed: name the primary as "
                                "`server`; if it has the name in another zone, give that as `zone` in [provider.{}]",
                                opening, zone.text(), name.text(), parties.provider));
    case dns::Rcode::notimp:
      throw Refused(cause_of(rcode), fmt::format("{} has no dynamic update (NOTIMP): name a server that has", opening));
    case dns::Rcode::formerr:
      throw Refused(cause_of(rcode),
                    fmt::format("{} does not understand the update of zone {} (FORMERR): this is a defect of acmed or "
                                "of the server",
                                opening, zone.text()));
    default:
      throw Refused(cause_of(rcode),
                    fmt::format("{} answered {} to the update of zone {}", opening, dns::to_text(rcode), zone.text()));
  }
}

void throw_for_names(const std::vector<Refusal>& refusals, const Parties& parties, const dns::Name& zone) {
  std::map<dns::Name, Error> failures;
  for (const auto& refusal : refusals) {
    const auto sentence = sentence_for(refusal, parties, zone);
    if (refusal.rcode == dns::Rcode::servfail) {
      failures.emplace(refusal.name, Retry(cause_of(refusal.rcode), sentence));
    } else {
      failures.emplace(refusal.name, Refused(cause_of(refusal.rcode), sentence));
    }
  }
  throw SomeFailed(std::move(failures));
}

}  // namespace acmed::providers
