// SPDX-License-Identifier: Apache-2.0
#include "providers/powerdns/patch.h"

#include <algorithm>

namespace acmed::providers {
namespace {

json::Object rrset(const SetChange& change, const char* change_type, const TxtSet& set) {
  return {{"name", change.name.with_dot()},
          {"type", type_text(change.type)},
          {"ttl", std::int64_t{set.ttl.value_or(std::chrono::seconds()).count()}},
          {"changetype", change_type},
          {"records", json::Array()}};
}

json::Value record_json(const TxtSet::Record& record) {
  return json::Object{{"content", record.content}, {"disabled", record.disabled}};
}

/// Those of `records` that `others` lack, each as an element of its own: the API takes one record at a time.
void append_missing(json::Array& patch, const SetChange& change, const char* change_type, const TxtSet& set,
                    const std::vector<TxtSet::Record>& others) {
  for (const auto& record : set.records) {
    if (std::ranges::find(others, record) != others.end()) continue;
    auto element = rrset(change, change_type, set);
    element["records"] = json::Array{record_json(record)};
    patch.emplace_back(std::move(element));
  }
}

bool has_disabled(const TxtSet& set) {
  return std::ranges::any_of(set.records, &TxtSet::Record::disabled);
}

}  // namespace

void append_patch(json::Array& patch, const SetChange& set, bool extends) {
  // The server's EXTEND and PRUNE do not see disabled records, and would lose them.
  if (extends && !has_disabled(set.before)) {
    append_missing(patch, set, "PRUNE", set.before, set.after.records);
    append_missing(patch, set, "EXTEND", set.after, set.before.records);
    return;
  }
  auto element = rrset(set, "REPLACE", set.after);
  json::Array records;
  for (const auto& record : set.after.records) records.push_back(record_json(record));
  element["records"] = std::move(records);
  patch.emplace_back(std::move(element));
}

}  // namespace acmed::providers
