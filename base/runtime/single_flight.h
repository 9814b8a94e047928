// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/runtime/event.h"
#include "base/runtime/task.h"

namespace acmed {

/// Work that several callers want at the same time: the first one does it, the others wait for its result. When the
/// first is cancelled, one of the others takes over.
template <class Value = void>
class SingleFlight {
 public:
  SingleFlight() = default;
  SingleFlight(const SingleFlight&) = delete;
  SingleFlight& operator=(const SingleFlight&) = delete;

  bool is_under_way() const noexcept { return flight_ != nullptr; }

  /// The result of the work in flight, or else of `work`, which starts only if needed. An Error is shared as well;
  /// callers that arrive after the end start anew. The flight must outlive the call.
  Task<Value> join(Task<Value> work) {
    while (const auto flight = flight_) {
      co_await flight->followers.turn();
      if (flight->failure) std::rethrow_exception(flight->failure);
      if (flight->value) co_return value_of(*flight);
    }
    const Lead lead(*this);
    const auto flight = flight_;
    try {
      if constexpr (std::is_void_v<Value>) {
        co_await std::move(work);
        flight->value.emplace();
      } else {
        flight->value.emplace(co_await std::move(work));
      }
    } catch (const Error&) {
      flight->failure = std::current_exception();
      throw;
    }
    co_return value_of(*flight);
  }

 private:
  struct Flight {
    std::optional<std::conditional_t<std::is_void_v<Value>, std::monostate, Value>> value;
    std::exception_ptr failure;
    Waiters followers;
  };

  /// Spans the work, however it ends.
  class Lead {
   public:
    explicit Lead(SingleFlight& of) : of_(of) { of_.flight_ = std::make_shared<Flight>(); }
    Lead(const Lead&) = delete;
    Lead& operator=(const Lead&) = delete;
    ~Lead() { std::exchange(of_.flight_, nullptr)->followers.wake_all(); }

   private:
    SingleFlight& of_;
  };

  static Value value_of(const Flight& flight) {
    if constexpr (!std::is_void_v<Value>) return *flight.value;
  }

  std::shared_ptr<Flight> flight_;
};

}  // namespace acmed
