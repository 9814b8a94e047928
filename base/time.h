// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace acmed {

using Duration = std::chrono::nanoseconds;
/// A point of calendar time (UTC).
using Time = std::chrono::sys_time<Duration>;
/// A point on a clock that never jumps and keeps running while the host is suspended.
using Moment = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// Where time comes from: the host's clocks, or a test's.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual Moment moment() const = 0;
};

/// The host's clocks: CLOCK_REALTIME and CLOCK_BOOTTIME.
class HostClock final : public Clock {
 public:
  Time now() const override;
  Moment moment() const override;
};

/// A clock that moves only when told, for tests. A Loop on it jumps to the next timer as soon as there is nothing else
/// to do, so a test of ten minutes takes no time.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Time start) : start_(start) {}
  Time now() const override { return start_ + since_start_; }
  Moment moment() const override { return Moment(since_start_); }
  void advance(Duration by) { since_start_ += by; }

 private:
  Time start_;
  Duration since_start_{};
};

/// `time`, clamped to what a Time can hold with room to calculate: 1700 to 2200. Certificates and servers write things
/// like "31 December 9999" for "never".
Time to_time(std::chrono::sys_seconds time);

/// RFC 3339 in UTC with seconds: "2026-11-22T09:47:00Z".
std::string to_rfc3339(Time time);

/// Parses RFC 3339, with fractions and offsets; nothing for anything else.
std::optional<Time> parse_rfc3339(std::string_view text);

/// Parses the value of Retry-After, seconds or an HTTP-date (RFC 9110 §10.2.3); nothing for anything else.
std::optional<Time> parse_retry_after(std::string_view text, Time now);

/// Parses "90s", "250ms", "10m", "6h", "30d"; nothing for anything else.
std::optional<Duration> parse_duration(std::string_view text);

/// For people: "2.3 s", "10 min", "3 d".
std::string to_text(Duration duration);

}  // namespace acmed
