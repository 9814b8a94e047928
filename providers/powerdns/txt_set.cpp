// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/txt_set.h"

#include <algorithm>

#include "providers/kit/character_string.h"

namespace acmed::providers {
namespace {

json::Object rrset(const dns::Name& name, const char* change_type, const PowerDnsTxtSet& set) {
  return {{"name", name.with_dot()},
          {"type", "TXT"},
          {"ttl", set.ttl.value_or(0)},
          {"changetype", change_type},
          {"records", json::Array()}};
}

json::Value record_json(const PowerDnsTxt& record) {
  return json::Object{{"content", record.content}, {"disabled", record.disabled}};
}

/// Those of `records` that `others` lack, each as an element of its own: the API takes one record at a time.
void append_missing(json::Array& patch, const dns::Name& name, const char* change_type, const PowerDnsTxtSet& set,
                    const std::vector<PowerDnsTxt>& others) {
  for (const auto& record : set.records) {
    if (std::ranges::find(others, record) != others.end()) continue;
    auto element = rrset(name, change_type, set);
    element["records"] = json::Array{record_json(record)};
    patch.emplace_back(std::move(element));
  }
}

}  // namespace

bool PowerDnsTxtSet::has_disabled() const {
  return std::ranges::any_of(records, &PowerDnsTxt::disabled);
}

void PowerDnsTxtSet::make(const TxtChange& change) {
  const auto is_it = [&](const PowerDnsTxt& record) { return is_text(record.content, change.value); };
  const auto is_served = [&](const PowerDnsTxt& record) { return !record.disabled && is_it(record); };
  if (change.action == Action::remove) {
    std::erase_if(records, is_served);
    if (records.empty()) ttl.reset();
    return;
  }
  if (std::ranges::any_of(records, is_served)) return;
  // The API takes no two records of the same content, be one of them disabled.
  std::erase_if(records, is_it);
  records.push_back({quoted_string(change.value), false});
  if (!ttl) ttl = change.ttl.count();
}

json::Array patch_of(const dns::Name& name, const PowerDnsTxtSet& before, const PowerDnsTxtSet& after, bool extends) {
  json::Array patch;
  if (before == after) return patch;
  // The server's EXTEND and PRUNE do not see disabled records, and would lose them.
  if (extends && !before.has_disabled()) {
    append_missing(patch, name, "PRUNE", before, after.records);
    append_missing(patch, name, "EXTEND", after, before.records);
    return patch;
  }
  auto element = rrset(name, "REPLACE", after);
  json::Array records;
  for (const auto& record : after.records) records.push_back(record_json(record));
  element["records"] = std::move(records);
  patch.emplace_back(std::move(element));
  return patch;
}

}  // namespace acmed::providers
