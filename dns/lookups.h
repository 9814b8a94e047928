// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/calendar_step.h"
#include "base/error.h"
#include "base/runtime/single_flight.h"
#include "base/runtime/task.h"

namespace acmed::dns {

/// What was found for each key, kept for a while and shared by all concurrent callers.
template <class Key, class Value>
class Lookups {
 public:
  /// Values for which `is_whole` is false are kept no longer than failures.
  explicit Lookups(const Clock& clock, std::function<bool(const Value&)> is_whole = {})
      : clock_(clock), calendar_(clock), is_whole_(std::move(is_whole)) {}

  /// What is known of `key`, or else the result of `look_up`, which starts only if needed. Failures are kept and shared
  /// as well, but not for long, and no longer when the calendar is set: a wrong clock makes signatures invalid.
  Task<Value> get(Key key, Task<Value> look_up) {
    if (calendar_.take() != Duration::zero()) forget();
    auto entry = entry_of(key);
    if (clock_.moment() < entry->fresh_until) co_return result_of(*entry);
    co_return co_await entry->flight.join(kept(entry, std::move(look_up)));
  }

  /// Forgets everything; look-ups in flight go on for those who wait for them.
  void forget() { entries_.clear(); }

 private:
  static constexpr Duration keep_value = std::chrono::minutes(1);
  static constexpr Duration keep_failure = std::chrono::seconds(5);

  struct Entry {
    std::optional<Value> value;
    std::exception_ptr failure;
    Moment fresh_until = Moment::min();
    SingleFlight<Value> flight;
  };

  Task<Value> kept(std::shared_ptr<Entry> entry, Task<Value> look_up) {
    entry->value.reset();
    entry->failure = nullptr;
    try {
      auto value = co_await std::move(look_up);
      const bool whole = !is_whole_ || is_whole_(value);
      entry->value = std::move(value);
      entry->fresh_until = clock_.moment() + (whole ? keep_value : keep_failure);
    } catch (const Error&) {
      entry->failure = std::current_exception();
      entry->fresh_until = clock_.moment() + keep_failure;
    }
    co_return result_of(*entry);
  }

  static Value result_of(const Entry& entry) {
    if (entry.value) return *entry.value;
    std::rethrow_exception(entry.failure);
  }

  std::shared_ptr<Entry> entry_of(const Key& key) {
    drop_stale();
    auto& entry = entries_[key];
    if (!entry) entry = std::make_shared<Entry>();
    return entry;
  }

  void drop_stale() {
    const auto now = clock_.moment();
    if (now < next_sweep_) return;
    next_sweep_ = now + keep_value;
    std::erase_if(entries_, [now](const auto& item) {
      const auto& entry = *item.second;
      return !entry.flight.is_under_way() && entry.fresh_until <= now;
    });
  }

  const Clock& clock_;
  CalendarStep calendar_;
  std::function<bool(const Value&)> is_whole_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  Moment next_sweep_ = Moment::min();
};

}  // namespace acmed::dns
