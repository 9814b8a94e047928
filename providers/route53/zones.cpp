// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/zones.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/encoding.h"
#include "providers/route53/record_set.h"

namespace acmed::providers::route53 {
namespace {

constexpr const char* zones_a_page = "100";  // as many as AWS gives
constexpr int most_pages = 200;

/// Ids come as "/hostedzone/Z111".
std::string bare_id(const std::string& id) {
  return id.substr(id.rfind('/') + 1);
}

std::vector<Zone> public_zones(const xml::Element& page) {
  std::vector<Zone> zones;
  for (const auto& zone : page["HostedZones"].children) {
    const auto name = name_in(zone["Name"].text);
    if (name && zone["Config"]["PrivateZone"].text != "true") zones.push_back({*name, bare_id(zone["Id"].text)});
  }
  return zones;
}

std::string ids_of(const std::vector<Zone>& zones) {
  std::vector<std::string> ids;
  ids.reserve(zones.size());
  for (const auto& zone : zones) ids.push_back(zone.id);
  return fmt::format("{}", fmt::join(ids, ", "));
}

}  // namespace

std::string text_of(const Zone& zone) {
  return fmt::format("zone {} ({})", zone.apex.text(), zone.id);
}

std::string sets_path(const Zone& zone) {
  return fmt::format("/hostedzone/{}/rrset", percent_encoded(zone.id));
}

Task<std::optional<Zone>> Zones::of(dns::Name name, dns::Name in_dns) {
  const auto zones = co_await all_.get({}, list());
  const bool has_it = std::ranges::find(zones, in_dns, &Zone::apex) != zones.end();
  std::vector<Zone> best;
  for (const auto& zone : zones) {
    if (!name.is_within(zone.apex) || (has_it && zone.apex != in_dns)) continue;
    if (!best.empty() && zone.apex.label_count() > best.front().apex.label_count()) best.clear();
    if (best.empty() || zone.apex == best.front().apex) best.push_back(zone);
  }
  if (best.empty()) co_return std::nullopt;
  if (best.size() == 1) co_return best.front();
  const auto apex = best.front().apex;
  co_return co_await chosen_.get(apex, choose(std::move(best)));
}

Purpose Zones::listing() const {
  return {"list the hosted zones", api_.allowing("ListHostedZonesByName", "") + ", or give `hosted_zone_id`",
          "ListHostedZonesByNameResponse"};
}

/// All of them, since no name is known that sorts before all that matter; an account has a few pages at most.
Task<std::vector<Zone>> Zones::list() {
  std::vector<Zone> zones;
  Pairs from;
  for (int pages = 0; pages < most_pages; ++pages) {
    Pairs query = from;
    query.emplace_back("maxitems", zones_a_page);
    const auto page = co_await api_.get("/hostedzonesbyname", std::move(query), listing());
    const auto found = public_zones(page);
    zones.insert(zones.end(), found.begin(), found.end());
    if (page["IsTruncated"].text != "true") co_return zones;
    from = {{"dnsname", page["NextDNSName"].text}, {"hostedzoneid", bare_id(page["NextHostedZoneId"].text)}};
  }
  throw Refused("aws:zones", "the account has too many hosted zones to look through: give `hosted_zone_id`");
}

Task<> Zones::probe() {
  co_await api_.get("/hostedzonesbyname", {{"maxitems", "1"}}, listing());
}

Task<Zone> Zones::choose(std::vector<Zone> candidates) {
  const auto apex = candidates.front().apex;
  const auto location = co_await discovery_.locate(apex);
  std::vector<Zone> delegated;
  for (const auto& zone : candidates) {
    std::vector<dns::Name> hosts;
    try {
      hosts = co_await name_servers(zone);
    } catch (const Refused&) {
      continue;  // whoever may not read a zone is not meant to change it
    }
    const bool serves = std::ranges::any_of(location.servers, [&](const dns::Server& server) {
      return std::ranges::find(hosts, server.host) != hosts.end();
    });
    if (serves) delegated.push_back(zone);
  }
  if (delegated.size() == 1 && location.zone == apex) co_return delegated.front();
  throw Refused("aws:ambiguous-zone",
                fmt::format("several hosted zones are called {} ({}), and the DNS leads to {} of them: give "
                            "`hosted_zone_id`",
                            apex.text(), ids_of(candidates), delegated.empty() ? "none" : "more than one"));
}

/// As the zone's own NS records say: unlike the delegation set, they may name servers by names of the operator's own.
Task<std::vector<dns::Name>> Zones::name_servers(Zone zone) {
  const Purpose purpose{fmt::format("look at the name servers of {}", text_of(zone)),
                        api_.allowing("ListResourceRecordSets", "hostedzone/" + zone.id),
                        "ListResourceRecordSetsResponse"};
  const auto page =
      co_await api_.get(sets_path(zone), {{"name", name_text(zone.apex)}, {"type", "NS"}, {"maxitems", "1"}}, purpose);
  std::vector<dns::Name> hosts;
  for (const auto& element : page["ResourceRecordSets"].children) {
    const auto set = listed_set(element);
    if (set.type != "NS" || name_in(set.name) != zone.apex) continue;
    for (const auto& record : set.set.records) {
      if (const auto host = dns::Name::parse(record.content)) hosts.push_back(*host);
    }
  }
  co_return hosts;
}

}  // namespace acmed::providers::route53
