// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/providers/route53/fake_route53.h"

#include <fmt/format.h>

#include <algorithm>

namespace acmed::providers::route53 {
namespace {

constexpr const char* space = "https://route53.amazonaws.com/doc/2013-04-01/";

FakeRoute53::Answer document(xml::Element root) {
  return {200, xml::write(root, space), {}};
}

xml::Element set_element(const ListedSet& set) {
  xml::Element records{"ResourceRecords"};
  for (const auto& record : set.set.records) {
    records.children.push_back({"ResourceRecord", "", {{"Value", record.content}}});
  }
  xml::Element element{"ResourceRecordSet", "", {{"Name", set.name}, {"Type", set.type}}};
  if (!set.plain) element.children.push_back({"SetIdentifier", "1"});
  element.children.push_back({"TTL", std::to_string(set.set.ttl.value().count())});
  element.children.push_back(std::move(records));
  return element;
}

}  // namespace

FakeRoute53::Answer aws_error(int status, const std::string& code, const std::string& message,
                              const std::string& headers) {
  return {status,
          xml::write({"ErrorResponse", "", {{"Error", "", {{"Type", "Sender"}, {"Code", code}, {"Message", message}}}}},
                     space),
          headers};
}

FakeRoute53::FakeRoute53() : http_([this](const test::FakeHttp::Request& request) { return respond(request); }) {}

std::set<std::string> FakeRoute53::values_at(const dns::Name& name) const {
  std::set<std::string> values;
  const auto found = sets_.find({sort_key(name_text(name)), "TXT"});
  if (found == sets_.end()) return values;
  for (const auto& record : found->second.set.records) values.insert(text_in(record.content, Escapes::octal).value());
  return values;
}

void FakeRoute53::put(const std::string& name, const std::string& type, TxtSet records, bool plain) {
  sets_[{sort_key(name), type}] = {name, type, plain, std::move(records)};
}

void FakeRoute53::add_value(const dns::Name& name, const std::string& value) {
  auto& set = sets_[{sort_key(name_text(name)), "TXT"}];
  if (set.set.records.empty()) set = {name_text(name), "TXT", true, {std::chrono::seconds(300), {}}};
  set.set.records.push_back({quoted_string(value, Escapes::octal)});
}

void FakeRoute53::remove_values(const dns::Name& name) {
  sets_.erase({sort_key(name_text(name)), "TXT"});
}

FakeRoute53::Answer FakeRoute53::respond(const test::FakeHttp::Request& request) {
  std::string action = "GetChange";
  if (request.path == "/2013-04-01/hostedzonesbyname") action = "ListHostedZonesByName";
  if (request.path.ends_with("/rrset")) {
    action = request.method == "POST" ? "ChangeResourceRecordSets" : "ListResourceRecordSets";
  }
  ++counts[action];
  auto& scripted = answers[action];
  if (scripted.empty()) return carry_out(action, request);
  auto answer = scripted.front();
  scripted.pop_front();
  return answer;
}

FakeRoute53::Answer FakeRoute53::carry_out(const std::string& action, const test::FakeHttp::Request& request) {
  if (action == "ListHostedZonesByName") return list_zones(request);
  if (action == "ListResourceRecordSets") return list_sets(request);
  if (action == "ChangeResourceRecordSets") return change(request.body);
  return change_status(request.path.substr(request.path.rfind('/') + 1));
}

FakeRoute53::Answer FakeRoute53::list_zones(const test::FakeHttp::Request& request) const {
  auto sorted = zones;
  std::ranges::sort(sorted, {}, [](const HostedZone& zone) { return std::pair(sort_key(zone.name), zone.id); });
  const auto& query = request.query;
  if (query.contains("dnsname")) {
    const std::pair start(sort_key(query.at("dnsname")), query.at("hostedzoneid"));
    std::erase_if(sorted, [&](const HostedZone& zone) { return std::pair(sort_key(zone.name), zone.id) < start; });
  }
  xml::Element list{"HostedZones"};
  const auto size = std::min({zones_a_page, sorted.size(), std::size_t(std::stoul(query.at("maxitems")))});
  for (std::size_t i = 0; i < size; ++i) {
    list.children.push_back({"HostedZone",
                             "",
                             {{"Id", "/hostedzone/" + sorted[i].id},
                              {"Name", sorted[i].name},
                              {"Config", "", {{"PrivateZone", sorted[i].is_private ? "true" : "false"}}}}});
  }
  xml::Element root{"ListHostedZonesByNameResponse", "", {std::move(list)}};
  root.children.push_back({"IsTruncated", size < sorted.size() ? "true" : "false"});
  if (size < sorted.size()) {
    root.children.push_back({"NextDNSName", sorted[size].name});
    root.children.push_back({"NextHostedZoneId", sorted[size].id});
  }
  return document(std::move(root));
}

FakeRoute53::Answer FakeRoute53::list_sets(const test::FakeHttp::Request& request) const {
  auto all = sets_;
  for (const auto& zone : zones) {
    if (request.path.find("/" + zone.id + "/") == request.path.npos) continue;
    TxtSet servers{std::chrono::seconds(300), {}};
    for (const auto& server : zone.name_servers) servers.records.push_back({server});
    all[{sort_key(zone.name), "NS"}] = {zone.name, "NS", true, std::move(servers)};
  }
  const auto& query = request.query;
  const std::pair start(sort_key(query.at("name")), query.contains("type") ? query.at("type") : "");
  auto set = all.lower_bound(start);
  xml::Element list{"ResourceRecordSets"};
  const auto size = std::min(sets_a_page, std::size_t(std::stoul(query.at("maxitems"))));
  for (; set != all.end() && list.children.size() < size; ++set) list.children.push_back(set_element(set->second));
  xml::Element root{"ListResourceRecordSetsResponse", "", {std::move(list)}};
  root.children.push_back({"IsTruncated", set != all.end() ? "true" : "false"});
  if (set != all.end()) {
    root.children.push_back({"NextRecordName", set->second.name});
    root.children.push_back({"NextRecordType", set->second.type});
  }
  return document(std::move(root));
}

FakeRoute53::Answer FakeRoute53::change(const std::string& body) {
  if (before_change) before_change();
  auto sets = sets_;
  const auto request = xml::parse(body).value();
  for (const auto& change : request["ChangeBatch"]["Changes"].children) {
    const auto set = listed_set(change["ResourceRecordSet"]);
    const std::pair key(sort_key(set.name), set.type);
    const auto found = sets.find(key);
    const auto here = fmt::format("resource record set [name='{}', type='TXT']", set.name);
    if (change["Action"].text == "DELETE") {
      if (found == sets.end()) {
        return aws_error(400, "InvalidChangeBatch", fmt::format("[Tried to delete {} but it was not found]", here));
      }
      if (found->second.set != set.set) {
        return aws_error(
            400, "InvalidChangeBatch",
            fmt::format("[Tried to delete {} but the values provided do not match the current values]", here));
      }
      sets.erase(found);
    } else {
      if (found != sets.end()) {
        return aws_error(400, "InvalidChangeBatch", fmt::format("[Tried to create {} but it already exists]", here));
      }
      if (refused.contains(set.name)) {
        return aws_error(400, "InvalidChangeBatch", fmt::format("[Cannot have more than 400 records in {}]", here));
      }
      sets[key] = set;
    }
  }
  sets_ = std::move(sets);
  const auto id = fmt::format("C{}", polls_.size() + 1);
  polls_[id] = polls_until_sync;
  return document(
      {"ChangeResourceRecordSetsResponse", "", {{"ChangeInfo", "", {{"Id", "/change/" + id}, {"Status", "PENDING"}}}}});
}

FakeRoute53::Answer FakeRoute53::change_status(const std::string& id) {
  if (!polls_.contains(id)) return aws_error(404, "NoSuchChange", "Could not find resource with ID: " + id);
  const bool done = --polls_[id] <= 0;
  return document({"GetChangeResponse",
                   "",
                   {{"ChangeInfo", "", {{"Id", "/change/" + id}, {"Status", done ? "INSYNC" : "PENDING"}}}}});
}

}  // namespace acmed::providers::route53
