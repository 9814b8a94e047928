// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/runtime/event.h"
#include "base/runtime/task.h"

namespace acmed::dns {

/// What was found for each key, kept for a while and shared by all who ask at the same time: the first does the work,
/// the others wait for its result. When the first is called off, the next one takes over.
template <class Key, class Value>
class Lookups {
 public:
  /// A value that `is_whole` denies is kept no longer than a failure.
  explicit Lookups(const Clock& clock, std::function<bool(const Value&)> is_whole = {})
      : clock_(clock), is_whole_(std::move(is_whole)) {}

  /// What is known of `key`, else the result of `look_up`, which starts only when it is needed. A failure is kept and
  /// shared as well, though not for long.
  Task<Value> get(Key key, Task<Value> look_up) {
    const auto entry = entry_of(key);
    while (entry->being_looked_up) {
      co_await entry->followers.turn();
      if (!entry->being_looked_up && entry->has_result()) co_return result_of(*entry);
    }
    if (clock_.moment() < entry->fresh_until) co_return result_of(*entry);

    const Lead mark(*entry);
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

  /// Forgets all; look-ups under way go on for those who wait for them.
  void forget() { entries_.clear(); }

 private:
  static constexpr Duration keep_value = std::chrono::minutes(1);
  static constexpr Duration keep_failure = std::chrono::seconds(5);

  struct Entry {
    bool being_looked_up = false;
    std::optional<Value> value;
    std::exception_ptr failure;
    Moment fresh_until = Moment::min();
    Waiters followers;

    bool has_result() const noexcept { return value || failure; }
  };

  /// Marks the entry while its look-up is under way, however that ends.
  class Lead {
   public:
    explicit Lead(Entry& entry) : entry_(entry) {
      entry_.being_looked_up = true;
      entry_.value.reset();
      entry_.failure = nullptr;
      entry_.fresh_until = Moment::min();
    }
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    ~Lead() {
      entry_.being_looked_up = false;
      entry_.followers.wake_all();
    }

   private:
    Entry& entry_;
  };

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
      return !entry.being_looked_up && entry.fresh_until <= now;
    });
  }

  const Clock& clock_;
  std::function<bool(const Value&)> is_whole_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
  Moment next_sweep_ = Moment::min();
};

}  // namespace acmed::dns
