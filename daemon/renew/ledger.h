// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/calendar_step.h"
#include "base/error.h"
#include "base/runtime/event.h"
#include "daemon/renew/first_request.h"
#include "daemon/renew/limits.h"
#include "daemon/store/store.h"

namespace acmed::renew {

/// What is known of each CA across restarts: until when it as a whole wants to be left alone (429 or 503 with
/// Retry-After), and what was used of its limits.
class Ledger {
 public:
  /// `configured`: limits by directory URL, for the CAs whose published ones they replace.
  Ledger(store::Store& store, const Clock& clock, std::map<std::string, PublishedLimits> configured = {})
      : store_(store), clock_(clock), configured_(std::move(configured)), calendar_(clock) {}

  const Clock& clock() const noexcept { return clock_; }

  /// An unreadable ledger is reported and stops nothing. Pauses longer than any CA is granted come from a wrong clock
  /// and are ignored.
  Task<> load();

  /// The end of the CA's pause for a certificate that ends at `not_after`; no such pause is longer than a tenth of the
  /// life that was left when the CA asked for it. Nothing when the CA takes orders.
  std::optional<Time> closed_until(const std::string& directory_url, std::optional<Time> not_after) const;

  /// Throws Throttled while the CA called `name` is closed for such a certificate.
  void require_open(const std::string& name, const std::string& directory_url, std::optional<Time> not_after) const;

  /// Whether anybody's next request would meet what this one met: no answer, or one that the CA is overloaded.
  static bool concerns_all(const Error& failure);

  /// When the CA's pause ends, as the CA asked for it; nothing when there is none.
  std::optional<Time> asked_until(const std::string& directory_url) const;

  /// The model of the CA's limits. What is changed there is written down by keep().
  Limits& limits(const std::string& directory_url);

  /// Completes when all that has changed until now is on disk. Concurrent callers share a write. Throws the store's
  /// failure.
  Task<> keep();

  /// Completes when one more request to the CA is within what it has published of requests a second.
  Task<> pace(std::string directory_url);

  /// Whoever asks that CA, after a while without its answers, goes through this first.
  FirstRequest& first_request(const std::string& directory_url);

  /// Learns from a failure at that CA. Throws the store's failure.
  Task<> learn(std::string directory_url, std::exception_ptr failure);

  /// For a person's request while the CA is closed: `ask` is one request, which shows whether it still is. Concurrent
  /// callers share one request; a CA that answers it is open again. Throws the store's failure.
  Task<> ask_again(std::string directory_url, std::function<Task<>()> ask);

 private:
  struct Ca {
    Ca(const Clock& clock, PublishedLimits known) : first_request(clock), limits(std::move(known)) {}
    FirstRequest first_request;
    std::optional<store::Pause> pause;
    bool asked_again = false;  ///< since the pause began, or since this process started
    Semaphore asking{1};
    Limits limits;
    Moment requests_full_at{};  ///< see Limits::Bucket::full_at
  };

  Ca& at(const std::string& directory_url);
  const PublishedLimits& known_limits(const std::string& directory_url) const;
  Task<> save() { return keep(); }
  store::LedgerRecord record();
  void follow_clock();

  store::Store& store_;
  const Clock& clock_;
  std::map<std::string, PublishedLimits> configured_;
  std::map<std::string, Ca> cas_;
  CalendarStep calendar_;
  Semaphore writing_{1};
  std::uint64_t wanted_ = 0;   ///< how often keep() was called
  std::uint64_t written_ = 0;  ///< so many of these are on disk
};

}  // namespace acmed::renew
