// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <optional>

#include "base/runtime/event.h"
#include "base/time.h"

namespace acmed::renew {

/// Many certificates may be due at a CA that is away or overloaded. So after a while without an answer of it, the first
/// of them asks alone, and the others wait for what it meets: a CA that is in trouble gets one request instead of one
/// for each certificate, and all hear of it in the time that one takes.
class FirstRequest {
 public:
  explicit FirstRequest(const Clock& clock) : clock_(clock) {}
  FirstRequest(const FirstRequest&) = delete;
  FirstRequest& operator=(const FirstRequest&) = delete;

  /// Held during a request. Destroyed without a word it leaves the others as they were: one of them is the next first.
  class [[nodiscard]] Asking {
   public:
    Asking(Asking&& other) noexcept : first_(std::exchange(other.first_, nullptr)), is_alone_(other.is_alone_) {}
    Asking& operator=(Asking&&) = delete;
    ~Asking();
    /// The CA has answered, whatever it said of the request.
    void answered() noexcept;
    /// The CA did not answer, or said that it is in trouble: those who wait meet the same.
    void failed(std::exception_ptr failure) noexcept;

   private:
    friend class FirstRequest;
    Asking(FirstRequest& first, bool is_alone) : first_(&first), is_alone_(is_alone) {}
    FirstRequest* first_;
    bool is_alone_;
  };

  /// Completes when the caller may ask: at once when the CA answered lately, else when it is the first, or when the
  /// first was answered. Throws what the first met.
  Task<Asking> turn();

 private:
  struct Outcome {
    bool is_known = false;
    std::exception_ptr failure;
    Waiters others;
  };
  bool has_answered_lately() const;
  void end(bool is_known, std::exception_ptr failure) noexcept;

  const Clock& clock_;
  std::optional<Moment> answered_;
  std::shared_ptr<Outcome> pending_;  ///< of the first; null when nobody asks alone
};

}  // namespace acmed::renew
