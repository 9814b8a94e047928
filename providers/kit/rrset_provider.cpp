// SPDX-License-Identifier: Apache-2.0
#include "providers/kit/rrset_provider.h"

#include <algorithm>

#include "base/runtime/sleep.h"
#include "providers/kit/jitter.h"

namespace acmed::providers {
namespace {

using namespace std::chrono_literals;

constexpr int most_attempts = 12;  // against others who change the same sets
constexpr Duration first_pause = 100ms;
constexpr Duration longest_back_off = 5s;

constexpr int most_looks = 20;  // of one apply(), when others undo what it did
// How many times longer than our own read and write another's may take.
constexpr int patience_for_others = 4;
constexpr Duration shortest_settling = 250ms;  // after a write
constexpr Duration last_settling = 1s;         // after a look that found a removal done
constexpr Duration longest_settling = 5s;

std::vector<dns::Name> names_in(const auto& by_name) {
  std::vector<dns::Name> names;
  for (const auto& [name, value] : by_name) names.push_back(name);
  return names;
}

bool has(const std::vector<TxtChange>& changes, Action action) {
  return std::ranges::find(changes, action, &TxtChange::action) != changes.end();
}

}  // namespace

TxtSet RrsetProvider::changed(TxtSet set, const std::vector<TxtChange>& changes) const {
  for (const auto& change : changes) {
    const auto is_it = [&](const TxtSet::Record& record) { return is_record(record.content, change, escapes_); };
    const auto is_served = [&](const TxtSet::Record& record) { return !record.disabled && is_it(record); };
    if (change.action == Action::remove) {
      std::erase_if(set.records, is_served);
      if (set.records.empty()) set.ttl.reset();
    } else if (std::ranges::none_of(set.records, is_served)) {
      // No operator takes two records of the same content, be one of them disabled.
      std::erase_if(set.records, is_it);
      set.records.push_back({record_content(change, escapes_)});
      if (!set.ttl) set.ttl = change.ttl;
    }
  }
  return set;
}

Task<> RrsetProvider::apply(Zone zone, std::vector<TxtChange> changes) {
  std::map<dns::Type, ByName> by_type;
  for (auto& change : changes) by_type[change.type][change.name].push_back(std::move(change));
  Failures failures;
  for (auto& [type, by_name] : by_type) {
    auto writing = writing_ == Writing::compared ? write_compared(zone, type, std::move(by_name), &failures)
                                                 : write_until_it_stands(zone, type, std::move(by_name), &failures);
    co_await std::move(writing);
  }
  if (!failures.empty()) throw SomeFailed(std::move(failures));
}

Task<> RrsetProvider::write_compared(Zone zone, dns::Type type, ByName changes, Failures* failures) {
  Duration longest = first_pause;
  for (int attempt = 1; !changes.empty(); ++attempt) {
    const auto written = co_await write(zone, type, changes, failures);
    std::erase_if(changes, [&written](const auto& entry) { return !written.overtaken.contains(entry.first); });
    if (changes.empty()) co_return;
    if (attempt == most_attempts) throw_contended(zone, names_in(changes));
    co_await sleep_for(jittered(longest));
    longest = std::min(2 * longest, longest_back_off);
  }
}

Task<> RrsetProvider::write_until_it_stands(Zone zone, dns::Type type, ByName changes, Failures* failures) {
  // What another read before it was removed may still come back, later than one thinks when the server is busy; what is
  // to be added was never there for others to undo.
  const bool removes =
      std::ranges::any_of(changes, [](const auto& entry) { return has(entry.second, Action::remove); });
  const int looks_wanted = removes ? 2 : 1;
  int looks_in_a_row = 0;
  for (int look = 0; look < most_looks; ++look) {
    const auto began = clock_.moment();
    const auto written = co_await write(zone, type, changes, failures);
    leave_out_failed(changes, *failures);
    if (changes.empty()) co_return;
    looks_in_a_row = written.any ? 0 : looks_in_a_row + 1;
    if (looks_in_a_row == looks_wanted) co_return;
    const auto took = clock_.moment() - began;
    co_await sleep_for(
        std::clamp(patience_for_others * took, written.any ? shortest_settling : last_settling, longest_settling));
  }
  throw_contended(zone, names_in(changes));
}

/// What was refused once is not tried again and again.
void RrsetProvider::leave_out_failed(ByName& changes, const Failures& failures) {
  std::erase_if(changes, [&failures](const auto& entry) { return failures.contains(entry.first); });
}

/// Makes what is not yet made of `changes`.
Task<RrsetProvider::Written> RrsetProvider::write(Zone zone, dns::Type type, ByName changes, Failures* failures) {
  std::set<dns::Name> names;
  for (const auto& [name, at_name] : changes) names.insert(name);
  auto standing = co_await read(zone, std::move(names), type);
  std::vector<SetChange> sets;
  for (auto& [name, at_name] : changes) {
    auto& here = standing[name];
    if (here.obstacle && has(at_name, Action::add)) {
      failures->emplace(name, *here.obstacle);
      continue;
    }
    auto after = changed(here.set, at_name);
    if (after != here.set) sets.push_back({name, std::move(here.set), std::move(after), std::move(at_name), type});
  }
  if (sets.empty()) co_return Written{};
  auto replaced = co_await replace(std::move(zone), std::move(sets));
  failures->merge(replaced.refused);
  co_return Written{true, std::move(replaced.overtaken)};
}

}  // namespace acmed::providers
