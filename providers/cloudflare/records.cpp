// SPDX-License-Identifier: Apache-2.0
#include "providers/cloudflare/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "providers/cloudflare/zones.h"
#include "providers/kit/character_string.h"

namespace acmed::providers::cloudflare {
namespace {

using std::chrono::seconds;

constexpr std::size_t most_operations = 200;    // in a batch, on the smallest plan
constexpr int records_per_page = 300;           // the largest, with comments and all, are 1 MiB together
constexpr std::int64_t most_pages_of_name = 4;  // Cloudflare keeps no more than 8 KiB of TXT at a name
constexpr seconds shortest_ttl{60};             // 1 would mean "automatic"
constexpr seconds longest_ttl{86400};

std::string records_path(const Zone& zone) {
  return fmt::format("/zones/{}/dns_records", zone.id);
}

json::Value record_of(const dns::Name& name, const std::string& text, seconds ttl) {
  return json::Object{{"type", "TXT"},
                      {"name", name.text()},
                      {"content", quoted_string(text)},
                      {"ttl", std::int64_t{std::clamp(ttl, shortest_ttl, longest_ttl).count()}}};
}

}  // namespace

Task<std::vector<Refusal>> Records::apply(Zone zone, std::vector<TxtChange> changes) {
  std::map<Value, TxtChange> last;  // what is asked for twice is one record
  for (const auto& change : changes) last.insert_or_assign(Value{zone.id, change.name, change.value}, change);

  std::set<Value> unknown;
  for (const auto& [value, change] : last) {
    if (change.action == Action::remove && !ids_.contains(value)) unknown.insert(value);
  }
  if (!unknown.empty()) co_await look_up(zone, unknown);

  // Cloudflare carries out removals first, whatever the order.
  Operations operations;
  for (const auto& [value, change] : last) {
    if (change.action == Action::remove) append_removals(operations, value);
  }
  for (const auto& [value, change] : last) {
    if (change.action == Action::add) operations.push_back({Action::add, value, change.ttl, {}});
  }

  Refusals refusals;
  for (std::size_t begin = 0; begin < operations.size(); begin += most_operations) {
    const auto first = std::next(operations.begin(), static_cast<std::ptrdiff_t>(begin));
    const auto count = std::min(most_operations, operations.size() - begin);
    const auto refused =
        co_await carry_out(zone, {first, std::next(first, static_cast<std::ptrdiff_t>(count))}, Ids::remembered);
    refusals.insert(refusals.end(), refused.begin(), refused.end());
  }
  co_return refusals;
}

Task<> Records::check(Zone zone) {
  const auto answer = co_await api_.get(records_path(zone) + "?type=TXT&per_page=5");
  if (!answer.success) throw_for_all(answer, Request::list_records, zone);
}

/// A batch is carried out as a whole or not at all: when it is refused for one of its records, each half is tried
/// alone, and so on, until only the refused ones are left.
Task<Records::Refusals> Records::carry_out(Zone zone, Operations operations, Ids ids) {
  if (operations.empty()) co_return Refusals{};
  if (operations.size() == 1) co_return co_await carry_out_one(zone, operations.front(), ids);
  if (!has_batch_) co_return co_await carry_out_each(zone, std::move(operations), ids);

  const auto answer = co_await api_.post(records_path(zone) + "/batch", batch_of(operations));
  if (answer.success) {
    for (const auto& operation : operations) {
      if (operation.action == Action::remove) ids_.erase(operation.value);
    }
    for (const auto& record : answer.result["posts"].elements()) remember(operations, record);
    co_return Refusals{};
  }
  const bool known_otherwise = is_there_already(answer) || is_not_there(answer);
  if (known_otherwise && ids == Ids::remembered) {
    co_return co_await carry_out_what_is_left(zone, std::move(operations));
  }
  if (!known_otherwise && lacks_batch(answer)) {
    has_batch_ = false;
    co_return co_await carry_out_each(zone, std::move(operations), ids);
  }
  if (!known_otherwise && concerns_all(answer)) throw_for_all(answer, Request::change_records, zone);
  co_return co_await carry_out_halves(zone, std::move(operations), ids);
}

Task<Records::Refusals> Records::carry_out_each(Zone zone, Operations operations, Ids ids) {
  Refusals refusals;
  for (const auto& operation : operations) {
    const auto refused = co_await carry_out_one(zone, operation, ids);
    refusals.insert(refusals.end(), refused.begin(), refused.end());
  }
  co_return refusals;
}

Task<Records::Refusals> Records::carry_out_halves(Zone zone, Operations operations, Ids ids) {
  const auto middle = std::next(operations.begin(), static_cast<std::ptrdiff_t>(operations.size() / 2));
  auto refusals = co_await carry_out(zone, {operations.begin(), middle}, ids);
  const auto others = co_await carry_out(zone, {middle, operations.end()}, ids);
  refusals.insert(refusals.end(), others.begin(), others.end());
  co_return refusals;
}

Task<Records::Refusals> Records::carry_out_one(Zone zone, Operation operation, Ids ids) {
  const auto path = records_path(zone);
  const bool removes = operation.action == Action::remove;
  auto call = removes ? api_.remove(path + "/" + operation.id)
                      : api_.post(path, record_of(operation.value.name, operation.value.text, operation.ttl));
  auto answer = co_await std::move(call);

  Refusals refusals;
  const bool stale = removes && is_not_there(answer);
  if (removes && (answer.success || stale)) ids_.erase(operation.value);
  if (!removes && answer.success) remember({operation}, answer.result);
  if (stale && ids == Ids::remembered) {
    refusals = co_await carry_out_what_is_left(zone, {operation});
  } else if (!answer.success && !stale && (removes || !is_there_already(answer))) {
    if (concerns_all(answer)) throw_for_all(answer, Request::change_records, zone);
    refusals.push_back({operation.value.name, std::move(answer)});
  }
  co_return refusals;
}

json::Value Records::batch_of(const Operations& operations) {
  json::Array deletes;
  json::Array posts;
  for (const auto& [action, value, ttl, id] : operations) {
    if (action == Action::remove) deletes.push_back(json::Object{{"id", id}});
    if (action == Action::add) posts.push_back(record_of(value.name, value.text, ttl));
  }
  json::Object body;
  if (!deletes.empty()) body["deletes"] = std::move(deletes);
  if (!posts.empty()) body["posts"] = std::move(posts);
  return body;
}

/// Some of the records that should be added are there, or some that should be removed are not or have another id: looks
/// how it is, and carries out what that leaves to do.
Task<Records::Refusals> Records::carry_out_what_is_left(Zone zone, Operations operations) {
  std::set<Value> values;
  for (const auto& operation : operations) values.insert(operation.value);
  co_await look_up(zone, values);
  Operations left;
  for (const auto& operation : operations) {
    if (operation.action == Action::remove && values.erase(operation.value) != 0) {
      append_removals(left, operation.value);
    } else if (operation.action == Action::add && !ids_.contains(operation.value)) {
      left.push_back(operation);
    }
  }
  co_return co_await carry_out(zone, std::move(left), Ids::looked_up);
}

/// Replaces what is remembered of `values` by what is there.
Task<> Records::look_up(Zone zone, std::set<Value> values) {
  std::map<dns::Name, std::vector<Value>> wanted;
  std::set<dns::Name> names;
  for (const auto& value : values) {
    wanted[value.name].push_back(value);
    names.insert(value.name);
  }
  const auto records = co_await list(zone, names);
  for (const auto& value : values) ids_.erase(value);
  for (const auto& record : records) {
    const auto name = read_name(record["name"].text_or());
    const auto at_name = name ? wanted.find(*name) : wanted.end();
    if (at_name == wanted.end()) continue;
    for (const auto& value : at_name->second) {
      if (is_id(record["id"].text_or()) && is_text(record["content"].text_or(), value.text)) {
        ids_[value].insert(record["id"].text_or());
      }
    }
  }
}

/// The TXT records at `names`, and maybe others: those of the whole zone, unless it is less to ask for each name.
Task<json::Array> Records::list(Zone zone, std::set<dns::Name> names) {
  const auto path = fmt::format("{}?type=TXT&per_page={}", records_path(zone), records_per_page);
  const auto most_pages = static_cast<std::int64_t>(names.size());
  if (names.size() > 1) {
    const auto answer = co_await api_.list(path, most_pages);
    if (!answer.success) throw_for_all(answer, Request::list_records, zone);
    if (answer.pages <= most_pages) co_return answer.result.elements();
  }
  json::Array records;
  for (const auto& name : names) {
    const auto answer = co_await api_.list(fmt::format("{}&name={}", path, name.text()), most_pages_of_name);
    if (!answer.success) throw_for_all(answer, Request::list_records, zone);
    const auto& elements = answer.result.elements();
    records.insert(records.end(), elements.begin(), elements.end());
  }
  co_return records;
}

void Records::throw_for_all(const Answer& refusal, Request request, const Zone& zone) const {
  cloudflare::throw_for_all(refusal, {request, provider_, "token", zone.apex.text(), zone.id});
}

void Records::append_removals(Operations& operations, const Value& value) const {
  const auto found = ids_.find(value);
  if (found == ids_.end()) return;
  for (const auto& id : found->second) operations.push_back({Action::remove, value, {}, id});
}

/// The id of a record that was just made for one of `operations`.
void Records::remember(const Operations& operations, const json::Value& record) {
  const auto name = read_name(record["name"].text_or());
  const auto id = record["id"].text_or();
  if (!name || !is_id(id)) return;
  for (const auto& [action, value, ttl, old_id] : operations) {
    if (action == Action::add && value.name == *name && is_text(record["content"].text_or(), value.text)) {
      ids_[value] = {id};
    }
  }
}

}  // namespace acmed::providers::cloudflare
