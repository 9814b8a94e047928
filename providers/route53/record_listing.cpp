// SPDX-License-Identifier: Apache-2.0
#include "providers/route53/record_listing.h"

#include <fmt/format.h>

#include "providers/route53/zones.h"

namespace acmed::providers::route53 {
namespace {

// As many as AWS gives; few for one name, where the sets of other names that follow are of no use.
constexpr const char* sets_a_page = "300";
constexpr const char* sets_for_one_name = "10";
constexpr std::size_t most_further_pages = 100;  // besides one a name

void note(const ListedSet& set, const Zone& zone, const dns::Name& name, dns::Type type, Records& records) {
  if (set.type == "CNAME") records.alias = true;
  if (set.type == "NS" && name != zone.apex) records.delegated = true;
  if (set.type != type_text(type)) return;
  if (set.plain) {
    records.set = set.set;
  } else {
    records.routed = true;
  }
}

/// Where the next page begins.
Pairs next_page(const xml::Element& page) {
  Pairs query{{"name", page["NextRecordName"].text}, {"type", page["NextRecordType"].text}};
  const auto& identifier = page["NextRecordIdentifier"].text;
  if (!identifier.empty()) query.emplace_back("identifier", identifier);
  return query;
}

}  // namespace

Task<std::map<dns::Name, Records>> read_records(Api* api, Zone zone, std::set<dns::Name> names, dns::Type type) {
  const Purpose purpose{fmt::format("read the records of {}", text_of(zone)),
                        api->allowing("ListResourceRecordSets", "hostedzone/" + zone.id),
                        "ListResourceRecordSetsResponse"};
  std::map<dns::Name, Records> records;
  std::map<std::string, dns::Name> open;  // those that are not known yet, in the order of Route 53
  for (const auto& name : names) {
    records[name];
    open.emplace(sort_key(name_text(name)), name);
  }
  const auto* const size = names.size() == 1 ? sets_for_one_name : sets_a_page;
  Pairs from;
  for (std::size_t pages = 0; !open.empty(); ++pages) {
    if (pages == names.size() + most_further_pages) {
      throw Retry("aws:answer", fmt::format("the listing of {} does not come to an end", text_of(zone)));
    }
    // Without a type: all that stands at the name is wanted.
    if (from.empty()) from = {{"name", name_text(open.begin()->second)}};
    from.emplace_back("maxitems", size);
    const auto page = co_await api->get(sets_path(zone), from, purpose);
    std::string last;
    for (const auto& element : page["ResourceRecordSets"].children) {
      const auto set = listed_set(element);
      last = sort_key(set.name);
      const auto found = open.find(last);
      if (found != open.end()) note(set, zone, found->second, type, records[found->second]);
    }
    if (page["IsTruncated"].text != "true") co_return records;
    // Further sets may stand at the page's last name.
    open.erase(open.begin(), open.lower_bound(last));
    const bool goes_on = !open.empty() && open.begin()->first == last;
    from = goes_on ? next_page(page) : Pairs();
  }
  co_return records;
}

}  // namespace acmed::providers::route53
