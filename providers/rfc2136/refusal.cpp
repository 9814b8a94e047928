// SPDX-License-Identifier: Apache-2.0
#include "providers/rfc2136/refusal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "providers/kit/name_list.h"

namespace acmed::providers {
namespace {

std::string sentence_for_refused(const std::vector<dns::Name>& names, const Parties& parties, const dns::Name& zone) {
  if (parties.key.empty()) {
    return fmt::format(
        "server {} refuses an unsigned update of {} in zone {}: give [provider.{}] a tsig key that the "
        "server allows to update the zone",
        parties.server, list_names(names), zone.text(), parties.provider);
  }
  return fmt::format(
      "server {} refuses key {} to change TXT at {} in zone {}: grant it with update-policy {{ grant {} "
      "name {} TXT; }} (BIND) or pdnsutil add-meta {} TSIG-ALLOW-DNSUPDATE {} (PowerDNS)",
      parties.server, parties.key, list_names(names), zone.text(), parties.key, names.front().text(), zone.text(),
      parties.key);
}

std::string sentence_for(dns::Rcode rcode, const std::vector<dns::Name>& names, const Parties& parties,
                         const dns::Name& zone) {
  switch (rcode) {
    case dns::Rcode::refused:
      return sentence_for_refused(names, parties, zone);
    case dns::Rcode::yxrrset:
      return fmt::format(
          "a CNAME stands at {} on server {}: the value belongs at its target, and nothing was written "
          "here. If the public DNS has no such CNAME, the server's zone {} differs from it",
          list_names(names), parties.server, zone.text());
    default:
      return fmt::format("server {} says {} for {}: it is not in zone {} there. Check which zones [provider.{}] serves",
                         parties.server, dns::to_text(rcode), list_names(names), zone.text(), parties.provider);
  }
}

std::string cause_of(dns::Rcode rcode) {
  return "dns:" + dns::to_text(rcode);
}

}  // namespace

bool may_concern_one_name(dns::Rcode rcode) {
  return rcode == dns::Rcode::refused || rcode == dns::Rcode::yxrrset || rcode == dns::Rcode::notzone;
}

void throw_for_zone(dns::Rcode rcode, const Parties& parties, const dns::Name& zone) {
  const auto opening = "server " + parties.server;
  switch (rcode) {
    case dns::Rcode::servfail:
      throw Retry(cause_of(rcode), fmt::format("{} failed to update zone {} (SERVFAIL): its log says why; often it "
                                               "cannot write the zone's journal, or the zone is not loaded or frozen",
                                               opening, zone.text()));
    case dns::Rcode::notauth:
      throw Refused(cause_of(rcode),
                    fmt::format("{} is not primary for zone {}: name the primary as `server`", opening, zone.text()));
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
  std::vector<std::string> sentences;
  for (const auto rcode : {dns::Rcode::refused, dns::Rcode::yxrrset, dns::Rcode::notzone}) {
    std::vector<dns::Name> names;
    for (const auto& refusal : refusals) {
      if (refusal.rcode == rcode) names.push_back(refusal.name);
    }
    if (!names.empty()) sentences.push_back(sentence_for(rcode, names, parties, zone));
  }
  throw Refused(cause_of(refusals.front().rcode), fmt::format("{}", fmt::join(sentences, "; ")));
}

}  // namespace acmed::providers
