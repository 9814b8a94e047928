// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/runtime/scope.h"

namespace acmed {

/// Runs `attempts` side by side until one returns a value; the others are then cancelled. Each starts as soon as one
/// before it has ended without a value, and `stagger` after the one before it at the latest (as RFC 8305 §5 connects).
/// Returns nothing when none has a value. The first failure cancels the others and is thrown.
template <class T>
Task<std::optional<T>> first_of(std::vector<Task<std::optional<T>>> attempts, Duration stagger);

namespace first_of_detail {

template <class T>
struct Race {
  Scope* scope = nullptr;
  std::optional<T> value;
  std::size_t ended = 0;
  Waiters changed;
};

template <class T>
Task<> run_one(Task<std::optional<T>> attempt, Race<T>* race) {
  try {
    auto value = co_await std::move(attempt);
    ++race->ended;
    if (value && !race->value) {
      race->value = std::move(value);
      race->scope->stop();
    }
    race->changed.wake_all();
  } catch (const Cancelled&) {
    if (!race->value) throw;  // otherwise another one has won
  }
}

template <class T>
Task<> next_end(std::size_t seen, Race<T>* race) {
  while (race->ended == seen) co_await race->changed.turn();
}

template <class T>
Task<> start_all(std::vector<Task<std::optional<T>>> attempts, Duration stagger, Race<T>* race) {
  try {
    for (auto& attempt : attempts) {
      const auto seen = race->ended;
      race->scope->spawn(run_one(std::move(attempt), race));
      if (&attempt != &attempts.back()) co_await within(stagger, next_end(seen, race));
      if (race->value) co_return;
    }
  } catch (const Cancelled&) {
    if (!race->value) throw;
  }
}

}  // namespace first_of_detail

template <class T>
Task<std::optional<T>> first_of(std::vector<Task<std::optional<T>>> attempts, Duration stagger) {
  first_of_detail::Race<T> race;
  Scope scope(co_await context());
  race.scope = &scope;
  scope.spawn(first_of_detail::start_all(std::move(attempts), stagger, &race));
  co_await scope.join();
  co_return std::move(race.value);
}

}  // namespace acmed
