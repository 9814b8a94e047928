// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/record_provider.h"

#include <algorithm>

#include "providers/kit/halving.h"
#include "providers/kit/record_content.h"

namespace acmed::providers {

using Outcome = RecordAnswer::Outcome;

Task<RecordAnswer> RecordProvider::change_together(Zone, std::vector<TxtRecord>, std::vector<TxtChange>) {
  co_return RecordAnswer{Outcome::too_many};
}

Task<> RecordProvider::apply(Zone zone, std::vector<TxtChange> changes) {
  std::map<Value, TxtChange> last;  // what is asked for twice is one record
  for (auto& change : changes) last.insert_or_assign(value_of(zone, change), change);

  std::set<Value> unknown;
  for (const auto& [value, change] : last) {
    if (change.action == Action::remove && !ids_.contains(value)) unknown.insert(value);
  }
  if (!unknown.empty()) co_await look_up(zone, std::move(unknown));

  Operations operations;  // removals first, since an operator may hold only so many records
  for (const auto& [value, change] : last) {
    if (change.action == Action::remove) append_removals(operations, zone, change);
  }
  for (const auto& [value, change] : last) {
    if (change.action == Action::add) operations.push_back({change});
  }
  Failures failures;
  co_await carry_out(std::move(zone), std::move(operations), Ids::remembered, &failures);
  if (!failures.empty()) throw SomeFailed(std::move(failures));
}

Task<> RecordProvider::carry_out(Zone zone, Operations operations, Ids ids, Failures* failures) {
  const auto send_some = [this, zone, ids, failures](Operations some) {
    return send(zone, std::move(some), ids, failures);
  };
  for (auto begin = operations.cbegin(); begin != operations.cend();) {
    const auto left = static_cast<std::size_t>(operations.cend() - begin);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(most_at_once(), left));
    const auto refused = co_await send_by_halves<RecordAnswer>(Operations(begin, end), send_some);
    for (const auto& [operation, answer] : refused) failures->emplace(operation.change.name, answer.refusal.value());
    begin = end;
  }
}

/// Gives the answer when it leaves everything to do: then each half is worth a try.
Task<std::optional<RecordAnswer>> RecordProvider::send(Zone zone, Operations operations, Ids ids, Failures* failures) {
  const bool alone = operations.size() == 1;
  auto answer = co_await call(zone, operations);
  switch (answer.outcome) {
    case Outcome::made:
      remember(zone, operations, answer.added);
      co_return std::nullopt;
    case Outcome::too_many:
      co_await carry_out(std::move(zone), std::move(operations), ids, failures);
      co_return std::nullopt;
    case Outcome::exists:
      if (alone) co_return std::nullopt;
      break;
    case Outcome::missing:
      if (alone) ids_.erase(value_of(zone, operations.front().change));
      if (alone && ids == Ids::looked_up) co_return std::nullopt;
      break;
    case Outcome::refused:
      co_return answer;
  }
  if (ids == Ids::looked_up) co_return answer;
  co_await carry_out_what_is_left(std::move(zone), std::move(operations), failures);
  co_return std::nullopt;
}

Task<RecordAnswer> RecordProvider::call(Zone zone, const Operations& operations) {
  std::vector<TxtRecord> removals;
  std::vector<TxtChange> additions;
  for (const auto& [change, id] : operations) {
    if (change.action == Action::remove) {
      removals.push_back({change.name, record_content(change), id});
    } else {
      additions.push_back(change);
    }
  }
  if (operations.size() > 1) return change_together(std::move(zone), std::move(removals), std::move(additions));
  if (removals.empty()) return add(std::move(zone), std::move(additions.front()));
  return remove(std::move(zone), std::move(removals.front()));
}

/// Some of the records that should be added are there, or some that should be removed are not or have another id: looks
/// how it is, and carries out what that leaves to do.
Task<> RecordProvider::carry_out_what_is_left(Zone zone, Operations operations, Failures* failures) {
  std::set<Value> values;
  for (const auto& operation : operations) values.insert(value_of(zone, operation.change));
  co_await look_up(zone, values);
  Operations left;
  for (const auto& operation : operations) {
    const auto value = value_of(zone, operation.change);
    if (operation.change.action == Action::add) {
      if (!ids_.contains(value)) left.push_back(operation);
    } else if (values.erase(value) != 0) {
      append_removals(left, zone, operation.change);
    }
  }
  co_await carry_out(std::move(zone), std::move(left), Ids::looked_up, failures);
}

/// Replaces what is remembered of `values` by what is there.
Task<> RecordProvider::look_up(Zone zone, std::set<Value> values) {
  std::map<dns::Type, std::set<dns::Name>> names;
  for (const auto& value : values) names[value.type].insert(value.name);
  for (const auto& [type, of_type] : names) {
    const auto records = co_await list(zone, of_type, type);
    for (const auto& value : values) {
      if (value.type != type) continue;
      ids_.erase(value);
      const TxtChange wanted{Action::remove, value.name, value.text, {}, {}, type};
      for (const auto& record : records) {
        if (record.name == value.name && is_record(record.content, wanted)) ids_[value].insert(record.id);
      }
    }
  }
}

void RecordProvider::append_removals(Operations& operations, const Zone& zone, const TxtChange& change) const {
  const auto found = ids_.find(value_of(zone, change));
  if (found == ids_.end()) return;
  for (const auto& id : found->second) operations.push_back({change, id});
}

/// All `operations` were made.
void RecordProvider::remember(const Zone& zone, const Operations& operations, const std::vector<TxtRecord>& added) {
  for (const auto& [change, id] : operations) {
    if (change.action == Action::remove) {
      ids_.erase(value_of(zone, change));
      continue;
    }
    for (const auto& record : added) {
      if (record.name == change.name && is_record(record.content, change)) {
        ids_[value_of(zone, change)] = {record.id};
      }
    }
  }
}

}  // namespace acmed::providers
